/** The modules of the targets, in the order in which they are fuzzed, and the targets of each. */
const MODULES = {
  checkpoints: ['zip', 'pickle', 'bare-pickle', 'legacy', 'safetensors'],
  attacks: ['attack-record', 'attack-resume'],
  programs: ['program'],
  images: ['image-header', 'image'],
  datasets: ['cifar-pickle', 'cifar-binary', 'npy', 'tables'],
  records: ['run-json', 'notes-json', 'lists'],
  config: ['config'],
  archives: ['tar', 'unzip'],
};

export const TARGET_NAMES = Object.values(MODULES).flat();

/**
 * A reader of untrusted bytes: `name`; `mostBytes` of an input; `seeds()`, whole inputs that others are made from;
 * `mutate(random, bytes, context)`, an input with something wrong in it; `run(bytes, folder)`, which reads the file
 * `input` in the folder and gives 'accepted' or 'refused', or throws a Finding. Loads what it needs of the package.
 */
export async function loadTarget(name) {
  const module = Object.keys(MODULES).find((each) => MODULES[each].includes(name));
  const {TARGETS} = await import(`./targets/${module}.mjs`);
  return TARGETS.find((target) => target.name === name);
}
