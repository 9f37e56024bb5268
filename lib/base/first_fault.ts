import {z} from 'zod';

// Lists and maps whose check ends at their first fault: the parser keeps every fault of its own, and a hostile file of
// 1 MB may have half a million.

/** What a message says instead of the usual. */
interface Words {
  readonly error?: string;
}

/** A list, all of whose items have a form. */
export function listOf<T extends z.ZodType>(item: T, words: Words = {}) {
  return z.array(z.unknown(), words).transform((values, context): z.output<T>[] => {
    const items: z.output<T>[] = [];
    for (const [i, value] of values.entries()) {
      const parsed = item.safeParse(value);
      if (!parsed.success) return refuse(context, i, parsed.error);
      items.push(parsed.data);
    }
    return items;
  });
}

/** A map of names, all of whose values have a form. */
export function mapOf<T extends z.ZodType>(item: T, words: Words = {}) {
  return z
    .record(z.string(), z.unknown(), words)
    .transform((values, context): Record<string, z.output<T>> => {
      const entries: [string, z.output<T>][] = [];
      for (const [name, value] of Object.entries(values)) {
        const parsed = item.safeParse(value);
        if (!parsed.success) return refuse(context, name, parsed.error);
        entries.push([name, parsed.data]);
      }
      return Object.fromEntries(entries);
    });
}

function refuse(context: z.RefinementCtx, at: string | number, {issues}: z.ZodError): never {
  const [{message, path} = {message: '', path: []}] = issues;
  context.addIssue({code: 'custom', message, path: [at, ...path]});
  return z.NEVER;
}
