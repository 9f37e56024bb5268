import {named} from '../named.js';
import type {OptionGroups} from '../option.js';
import {CHECKPOINT, CLEAN, DATA, DEVICE, FORCE, MEASURING, SEED} from './common.js';
import {GATES} from './gates.js';

/** What every defense has; its own options are in lib/defenses. */
export const DEFEND = {
  'Model and data': {...CHECKPOINT, ...CLEAN, ...DATA},
  Run: {
    out: {
      type: 'path',
      expects: 'a folder',
      value: '<dir>',
      help: 'output folder',
      unset: 'defense/<method> beside the checkpoint',
      default: null,
    },
    keepDtype: {
      type: 'switch',
      value: '',
      help: "write the weights in the checkpoint's own types, such as float16, and not in float32",
      details:
        'They are computed in float32 and rounded at the end; the last measurement is of the rounded ones.',
      default: false,
    },
    writeProgram: {
      type: 'switch',
      value: '',
      help: `also write the purified model as a program, defense_result.pt2, where ${named('program')} is given`,
      default: false,
    },
    report: {
      type: 'switch',
      value: '',
      help: 'also write report.html, which shows the run',
      details:
        'It needs some measurements more, which are kept as evidence.json; docs/report.md describes it.',
      default: false,
    },
    ...FORCE,
    ...MEASURING,
    ...SEED,
    ...DEVICE,
  },
  'For pipelines': GATES,
  'Cost (results stay the same)': {
    execution: {
      type: 'choice',
      choices: ['auto', 'dynamic', 'static', 'recorded'],
      help: 'how a batch goes through the device',
      default: 'auto',
    },
    chunkSize: {
      type: 'integer',
      least: 0,
      help: 'images per pass; 0: the device decides',
      default: 0,
    },
    cacheMib: {
      type: 'integer',
      least: 0,
      most: 2 ** 30,
      help: 'memory in MiB for what stays the same in every round; 0: none',
      default: 512,
    },
  },
} as const satisfies OptionGroups;
