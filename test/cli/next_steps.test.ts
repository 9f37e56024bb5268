import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {afterDefense, afterEvaluation, commandLine} from '../../bin/next_steps.js';
import {parseDefendConfig, parseEvaluateConfig} from '../../lib/options/config.js';
import type {DefendResult, EvaluateResult} from '../../lib/run/results.js';

describe('a command to go on with', () => {
  it('has the flags that are needed, quoted for a shell where they need it', () => {
    const line = commandLine('defend', {
      ...{ckpt: "it's here/record", mean: [0.5, 0.25, 0.125], imageSize: 32},
      ...{model: null, force: false, preview: true},
    });
    expect(line).toBe(
      "sau-native defend --ckpt 'it'\\''s here/record' --mean 0.5,0.25,0.125 --image-size 32 --preview",
    );
  });

  it('measures what a defense has left with its own data, model and device, and no defaults', () => {
    const config = parseDefendConfig({
      ...{ckpt: join(process.cwd(), 'record/badnet'), data: '/data/cifar10', device: 'cpu'},
      ...{testLimit: 100, rounds: 3, learningRate: 0.5},
    });
    const result = {files: {checkpoint: '/elsewhere/defense_result.pt'}} as unknown;
    const [step] = afterDefense(result as DefendResult, config, true);
    expect(step?.command).toBe(
      'sau-native evaluate --ckpt /elsewhere/defense_result.pt --against record/badnet ' +
        '--data /data/cifar10 --test-limit 100 --device cpu',
    );
    expect(step?.what).toContain('interrupted');
  });

  it('names the program of the model, and takes its weights as those before', () => {
    const config = parseDefendConfig({program: '/models/net.pt2', data: '/data/cifar10'});
    const result = {files: {checkpoint: '/elsewhere/defense_result.pt'}} as unknown;
    const [step] = afterDefense(result as DefendResult, config, false);
    expect(step?.command).toBe(
      'sau-native evaluate --ckpt /elsewhere/defense_result.pt --against /models/net.pt2 ' +
        '--data /data/cifar10 --program /models/net.pt2',
    );
  });

  it('purifies a program that was measured with its own weights by naming it once', () => {
    const config = parseEvaluateConfig({program: '/models/net.pt2', data: '/data/cifar10'});
    const [step] = afterEvaluation({before: null} as unknown as EvaluateResult, config);
    expect(step?.command).toBe(
      'sau-native defend --clean 5pct --data /data/cifar10 --program /models/net.pt2',
    );
  });
});
