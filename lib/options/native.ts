import type {OptionTable, ValueOf} from './option.js';

type Paths<O> = O extends {native: infer P extends string}
  ? P
  : O extends {native: readonly (infer P extends string)[]}
    ? P
    : never;

/** Of a list each value has a place of its own. */
type PlacedValue<O> = O extends {native: string} ? ValueOf<O> : number;

type Flat<T> = {
  [P in Paths<T[keyof T]>]: {
    [N in keyof T]: P extends Paths<T[N]> ? PlacedValue<T[N]> : never;
  }[keyof T];
};

type Heads<P> = P extends `${infer Head}.${string}` ? Head : never;

type Nested<F> = {[P in keyof F as P extends `${string}.${string}` ? never : P]: F[P]} & {
  [Head in Heads<keyof F>]: {
    [P in keyof F as P extends `${Head}.${infer Rest}` ? Rest : never]: F[P];
  };
};

/** The native options that a table's `native` places make. */
export type NativeOf<T> = Nested<Flat<T>>;

/** The values of a configuration where the native core's options have them. */
export function nativeOf<const T extends OptionTable>(
  table: T,
  config: Readonly<Record<string, unknown>>,
): NativeOf<T> {
  const options: Record<string, unknown> = {};
  for (const [name, {native}] of Object.entries(table)) {
    if (native === undefined) continue;
    const value = config[name];
    const paths = typeof native === 'string' ? [native] : native;
    for (const [i, path] of paths.entries()) {
      place(options, path, typeof native !== 'string' && Array.isArray(value) ? value[i] : value);
    }
  }
  return options as NativeOf<T>;
}

function place(options: Record<string, unknown>, path: string, value: unknown): void {
  const [first = path, second] = path.split('.');
  if (second === undefined) options[first] = value;
  else options[first] = {...(options[first] as object | undefined), [second]: value};
}
