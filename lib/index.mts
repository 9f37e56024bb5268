// The ES module entry. It shares its functions, classes and native state with `require`.
export * from './index.js';
