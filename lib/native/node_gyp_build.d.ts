declare module 'node-gyp-build' {
  /** The path of the addon for this platform: build/Release first, then prebuilds. Throws if there is none. */
  export function resolve(root: string): string;
}
