import {expect, it} from 'vitest';
import type {NvidiaDriver} from '../../../lib/native/nvidia_driver.js';
import {findPlatform, PLATFORMS, UNTRIED_PLATFORMS} from '../../../lib/native/platforms.js';
import {
  chooseVariant,
  compareVersions,
  pinnedBuild,
  readPins,
  type VariantFacts,
} from '../../../lib/setup/pins.js';

const pins = readPins();
const driver = (version: string): NvidiaDriver => ({version, source: 'nvidia-smi', gpus: []});
const NEEDED = pins.cuda.driver;

it.each<[string, Omit<VariantFacts, 'pins'>, string, RegExp]>([
  ['cpu without a driver', {asked: 'auto', driver: null, hasPip: true}, 'cpu', /no NVIDIA driver/],
  [
    'cuda with a driver of just the version needed',
    {asked: 'auto', driver: driver(NEEDED), hasPip: true},
    'cuda',
    /was found \(nvidia-smi\)/,
  ],
  [
    'cpu with an older driver',
    {asked: 'auto', driver: driver('535.104.05'), hasPip: true},
    'cpu',
    /535\.104\.05 is older than .*update it/,
  ],
  [
    'cuda with a driver that does not say its version',
    {asked: 'auto', driver: driver('unknown'), hasPip: true},
    'cuda',
    /driver unknown was found/,
  ],
  [
    'cpu without pip, as the zip is without the NVIDIA libraries',
    {asked: 'auto', driver: driver('590.1'), hasPip: false},
    'cpu',
    /no python3 with pip/,
  ],
  ['cpu as asked', {asked: 'cpu', driver: driver('590.1'), hasPip: true}, 'cpu', /^as asked$/],
  [
    'cuda as asked, with a word about the driver that is missing',
    {asked: 'cuda', driver: null, hasPip: true},
    'cuda',
    /^as asked, though no NVIDIA driver/,
  ],
  [
    'cuda as asked, with a word about the driver that is too old',
    {asked: 'cuda', driver: driver('470.1'), hasPip: true},
    'cuda',
    /^as asked, though NVIDIA driver 470\.1 is older/,
  ],
])('takes %s', (_, facts, variant, reason) => {
  const choice = chooseVariant({...facts, pins});
  expect(choice).toEqual({variant, reason: expect.stringMatching(reason)});
});

it('versions compare by their numbers', () => {
  const sorted = ['580.65.06', '2.10', '2.9.1', '580.9', '2.9'].sort(compareVersions);
  expect(sorted).toEqual(['2.9', '2.9.1', '2.10', '580.9', '580.65.06']);
  expect(compareVersions('2.13.0', '2.13')).toBe(0);
});

it('what is pinned fits together', () => {
  const {version, supported, platforms} = pins;
  expect(compareVersions(supported.min, version)).toBeLessThanOrEqual(0);
  expect(compareVersions(version, supported.below)).toBeLessThan(0);
  const all = [...PLATFORMS, ...UNTRIED_PLATFORMS];
  expect(Object.keys(platforms)).toEqual(all.map(({tuple}) => tuple));
  for (const platform of all) {
    for (const variant of ['cpu', 'cuda'] as const) {
      if (platforms[platform.tuple]?.[variant] === null) continue;
      const {pip, zip} = pinnedBuild(pins, platform, variant);
      expect(pip.every(({requirement}) => requirement.startsWith(`torch==${version}`))).toBe(true);
      if (zip === null) continue;
      expect(zip.url).toContain(`-${version}%2B`);
      expect(zip.sha256).toMatch(/^[0-9a-f]{64}$/);
    }
  }
});

it('a CUDA build is refused where LibTorch has none', () => {
  const platform = findPlatform('darwin-arm64');
  if (platform === null) throw new Error('expected a row for darwin-arm64');
  expect(() => pinnedBuild(pins, platform, 'cuda')).toThrow(/Expected cpu or auto for variant/);
});
