/** The architectures of the native core; a test holds the list equal to the core's own. */
export const MODEL_NAMES = ['preactresnet18'] as const;

/** An architecture; `preactresnet18_w16` has 16 instead of 64 base channels. */
export type ModelName = (typeof MODEL_NAMES)[number] | `${(typeof MODEL_NAMES)[number]}_w${number}`;

/** What {@link isModelName} takes, for messages. */
export const MODEL_FORMS = `${MODEL_NAMES.join(', ')} or ${MODEL_NAMES[0]}_w<width>`;

const PATTERN = new RegExp(`^(${MODEL_NAMES.join('|')})(_w[1-9]\\d{0,3})?$`);

/** The name of an architecture, or `<name>_w<width>` for one with another number of base channels. */
export function isModelName(text: unknown): text is ModelName {
  return typeof text === 'string' && PATTERN.test(text);
}
