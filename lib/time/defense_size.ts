import {type DefenseName, defenseOf} from '../defenses/defenses.js';
import {presetOf} from '../options/commands/presets.js';
import {resolveRounds} from '../options/config.js';
import type {DefendConfig} from '../options/types.js';
import type {Alternative, RunSize} from './estimate.js';

/** What the size of a defense depends on besides its options. */
export interface DefenseScene {
  readonly datasetName: string;
  readonly numClasses: number;
  /** Values of an image. */
  readonly values: number;
  /** Images that the method learns from, after those that are set aside. */
  readonly images: number;
  /** Positions of the images that are measured in their splits, in rising order. */
  readonly tests: Int32Array;
}

/** What a defense is made of. */
export function sizeOfDefense(config: DefendConfig, scene: DefenseScene): RunSize {
  const {datasetName, numClasses, values, images: cleanCount, tests} = scene;
  const rounds = resolveRounds(config, datasetName);
  const facts = {rounds, cleanCount, datasetName, numClasses, values};
  const cacheBytes = config.cacheMib * 2 ** 20;
  return {
    ...{rounds, unit: 'rounds', images: cleanCount, evalEvery: config.evalEvery},
    tests: testsBelow(tests, config.testLimit),
    measuresBefore: true,
    work: defenseOf(config.method).work(config, {...facts, cacheBytes}),
  };
}

/** Images of a measurement with a limit. */
export function testsBelow(tests: Int32Array, limit: number | null): number {
  return limit === null ? tests.length : tests.filter((index) => index < limit).length;
}

/** The limit with which at most so many images are measured. */
export function limitFor(tests: Int32Array, images: number): number | null {
  return images >= tests.length ? null : Math.max(1, tests[images] ?? 1);
}

/** Where a run has more than these, the smaller number is worth a word. */
const SMALLER = [
  {option: 'rounds', from: 40, to: 20},
  {option: 'clean', from: 2000, to: 1000},
  {option: 'evalEvery', from: 1, to: 10},
  {option: 'testLimit', from: 2000, to: 1000},
] as const;

/** What would be shorter than a defense: fewer of each, and the quick preset. */
export function alternativesTo(
  config: DefendConfig,
  scene: DefenseScene,
  mayUseBf16: boolean,
): readonly Alternative[] {
  const size = sizeOfDefense(config, scene);
  const hasRounds = defenseOf(config.method).rounds === undefined;
  const now = {
    rounds: hasRounds ? size.rounds : 0,
    clean: scene.images,
    evalEvery: 0,
    testLimit: size.tests,
  };
  const measured = size.rounds >= 20 && config.evalEvery === 1;
  const smaller = SMALLER.flatMap(({option, from, to}) => {
    const applies = option === 'evalEvery' ? measured : now[option] > from;
    return applies ? [withOptions(config, scene, {[option]: to})] : [];
  });
  const preset = config.preset === 'quick' ? [] : [quickOf(config, scene)];
  const precision = mayUseBf16 ? [{options: {precision: 'bf16'}, size: null}] : [];
  return [...smaller, ...precision, ...preset];
}

function withOptions(
  config: DefendConfig,
  scene: DefenseScene,
  options: Readonly<Record<string, number>>,
): Alternative {
  const {clean, ...others} = options;
  const other = {...config, ...others} as DefendConfig;
  return {
    options,
    size: sizeOfDefense(other, {...scene, images: Math.min(scene.images, clean ?? scene.images)}),
  };
}

function quickOf(config: DefendConfig, scene: DefenseScene): Alternative {
  const preset = presetOf('quick', config.method satisfies DefenseName);
  const other = {...config, ...preset} as DefendConfig;
  const images = Math.min(scene.images, Number(preset.clean ?? scene.images));
  return {options: {preset: 'quick'}, size: sizeOfDefense(other, {...scene, images})};
}
