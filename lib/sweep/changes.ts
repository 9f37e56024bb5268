import {resolve} from 'node:path';
import {SauError} from '../base/errors.js';
import {named} from '../options/named.js';
import {inStages, type SweepStep} from './steps.js';
import {baseOf, type SweepFile} from './sweep_file.js';

/**
 * The sweep of a folder, where it is gone on with by a plan that may have changed: steps that both have stay as they are, in their
 * order, and new ones come after them. Steps that the plan does not have any more are no part of it; their folders
 * stay. Throws ERR_CONFIG for a plan that has changed unless `resume` says so, and where paths begin elsewhere.
 */
export function goneOn(
  folder: string,
  earlier: SweepFile,
  now: SweepFile,
  resume: boolean,
): SweepFile {
  requireBase(folder, earlier, now);
  const before = new Map(earlier.steps.map((step) => [step.id, step]));
  const wanted = new Map(now.steps.map((step) => [step.id, step]));
  const added = now.steps.filter(({id}) => !before.has(id));
  const gone = earlier.steps.filter(({id}) => !wanted.has(id));
  if (!resume && added.length + gone.length > 0)
    throw otherPlan(folder, earlier, now, {added, gone});
  const kept = earlier.steps.flatMap(({id, folder: own}) => {
    const step = wanted.get(id);
    return step === undefined ? [] : [{...step, folder: own}];
  });
  return {...now, name: earlier.name, steps: inStages([...kept, ...added])};
}

function requireBase(folder: string, earlier: SweepFile, now: SweepFile): void {
  if (earlier.base === now.base) return;
  const expected = baseOf(folder, earlier);
  throw new SauError(
    'ERR_CONFIG',
    `Expected the working folder ${expected}, where the paths of the sweep in ${folder} begin, but received ${baseOf(folder, now)}.`,
    {
      remedy: `Go on from ${expected}, or set ${named('out')} to another folder.`,
      details: {folder: resolve(folder), expected, received: baseOf(folder, now)},
    },
  );
}

interface Changes {
  readonly added: readonly SweepStep[];
  readonly gone: readonly SweepStep[];
}

function otherPlan(
  folder: string,
  earlier: SweepFile,
  now: SweepFile,
  {added, gone}: Changes,
): SauError {
  const names = [...new Set([...Object.keys(earlier.plan), ...Object.keys(now.plan)])];
  const different = names.filter(
    (name) => JSON.stringify(earlier.plan[name]) !== JSON.stringify(now.plan[name]),
  );
  const where = different.length === 0 ? '' : `, different in ${different.join(', ')}`;
  const example = (steps: readonly SweepStep[], word: string): string[] => {
    const [first] = steps;
    const count = steps.length === 1 ? '1 step' : `${steps.length} steps`;
    return first === undefined ? [] : [`${count} ${word}, such as ${first.folder}`];
  };
  const changes = [...example(added, 'more'), ...example(gone, 'fewer')].join(', and ');
  return new SauError(
    'ERR_CONFIG',
    `Expected the plan of the sweep in ${folder} but received another one${where}: it has ${changes}.`,
    {
      remedy: `Set ${named('resume')} to go on with it, which keeps what is done, or ${named('out')} to another folder.`,
      details: {folder, different, added: added.length, gone: gone.length},
    },
  );
}
