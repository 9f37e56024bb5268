import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {afterDefense, afterEvaluation, commandLine, goingOn} from '../../bin/next_steps.js';
import {parseDefendConfig, parseEvaluateConfig} from '../../lib/options/config.js';
import type {DefendResult, EvaluateResult} from '../../lib/run/results.js';
import type {VerdictState} from '../../lib/run/verdict.js';

/** What a defense of ten rounds has written elsewhere. */
function resultOf(state: VerdictState): DefendResult {
  const files = {checkpoint: '/elsewhere/defense_result.pt'};
  return {files, completedRounds: 10, verdict: {state}} as unknown as DefendResult;
}

const DONE = {interrupted: false, isSaved: false} as const;

describe('a command to go on with', () => {
  it('goes on with an interrupted defense where its state is saved', () => {
    const config = parseDefendConfig({ckpt: '/records/badnet', rounds: 20, method: 'ft'});
    const interrupted = {interrupted: true, isSaved: true};
    const [first] = afterDefense(resultOf('active'), config, interrupted);
    expect(first?.command).toBe(
      'sau-native defend --ckpt /records/badnet --rounds 20 --method ft --resume',
    );
  });

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
    const result = resultOf('gone');
    const [step] = afterDefense(result, config, {interrupted: true, isSaved: false});
    expect(step?.command).toBe(
      'sau-native evaluate --ckpt /elsewhere/defense_result.pt --against record/badnet ' +
        '--data /data/cifar10 --test-limit 100 --device cpu',
    );
    expect(step?.what).toContain('interrupted');
  });

  it('names the program of the model, and takes its weights as those before', () => {
    const config = parseDefendConfig({program: '/models/net.pt2', data: '/data/cifar10'});
    const result = resultOf('gone');
    const [step] = afterDefense(result, config, DONE);
    expect(step?.command).toBe(
      'sau-native evaluate --ckpt /elsewhere/defense_result.pt --against /models/net.pt2 ' +
        '--data /data/cifar10 --program /models/net.pt2',
    );
  });

  it.each(['active', 'weakened'] as const)(
    'takes more rounds, or other methods, where the backdoor is %s',
    (state) => {
      const given = {ckpt: '/records/badnet', clean: '500', seed: 3, learningRate: 0.01};
      const config = parseDefendConfig({...given, failAboveAsr: '5%'});
      const steps = afterDefense(resultOf(state), config, DONE);
      expect(steps.map(({command}) => command)).toEqual([
        'sau-native defend --ckpt /records/badnet --clean 500 --seed 3 --fail-above-asr 0.05 ' +
          '--learning-rate 0.01 --rounds 20 --force',
        'sau-native compare --ckpt /records/badnet --clean 500 --seeds 3',
        expect.stringMatching(/^sau-native evaluate /),
      ]);
    },
  );

  it('takes more rounds anew after a run that was resumed, and resumes one that was to start anew', () => {
    const given = {ckpt: '/records/badnet', clean: '500'};
    const resumed = parseDefendConfig({...given, resume: true});
    const [more] = afterDefense(resultOf('active'), resumed, DONE);
    const command = 'sau-native defend --ckpt /records/badnet --clean 500';
    expect(more?.command).toBe(`${command} --rounds 20 --force`);
    const anew = parseDefendConfig({...given, force: true});
    expect(goingOn(anew)).toBe(`${command} --resume`);
    expect(() => parseDefendConfig({...given, resume: true, force: true})).toThrow(
      'at most one of',
    );
  });

  it('takes other methods where the method that left the backdoor active has no rounds', () => {
    const config = parseDefendConfig({ckpt: '/records/badnet', method: 'clp'});
    const [first] = afterDefense(resultOf('active'), config, DONE);
    expect(first?.command).toBe('sau-native compare --ckpt /records/badnet --clean 5pct --seeds 0');
  });

  it('purifies a program that was measured with its own weights by naming it once', () => {
    const config = parseEvaluateConfig({program: '/models/net.pt2', data: '/data/cifar10'});
    const measuredAlone = {before: null, verdict: null} as unknown as EvaluateResult;
    const [step] = afterEvaluation(measuredAlone, config);
    expect(step?.command).toBe(
      'sau-native defend --clean 5pct --data /data/cifar10 --program /models/net.pt2',
    );
  });

  it('purifies the model before again where a defense has left its backdoor active, and else nothing', () => {
    const config = parseEvaluateConfig({ckpt: '/out', against: '/records/badnet', device: 'cpu'});
    const measured = (state: VerdictState) =>
      ({before: {}, verdict: {state}}) as unknown as EvaluateResult;
    expect(afterEvaluation(measured('active'), config).map(({command}) => command)).toEqual([
      'sau-native compare --ckpt /records/badnet --clean 5pct --device cpu',
    ]);
    expect(afterEvaluation(measured('gone'), config)).toEqual([]);
  });
});
