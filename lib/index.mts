// The ES module entry: the same functions, classes and native state as `require` gives.
export * from './index.js';
