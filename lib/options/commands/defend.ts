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
    resume: {
      type: 'switch',
      value: '',
      help: 'go on with an interrupted run from its last saved state',
      details:
        'With the options and files of its beginning; the result is that of a run without interruption. ' +
        'docs/resume.md describes it.',
      default: false,
    },
    saveEvery: {
      type: 'integer',
      least: 0,
      help: `save the run after every n-th round for ${named('resume')}; 0: never`,
      details:
        'Also after steps of what comes before the rounds. A state is left out where saving would take more than 2 % ' +
        'of the time.',
      default: 1,
    },
    ...MEASURING,
    ...SEED,
    ...DEVICE,
  },
  'For pipelines': GATES,
  Time: {
    preset: {
      type: 'choice',
      choices: ['paper', 'quick'],
      help: 'defaults of the run; quick: fewer rounds, images and measurements',
      details: 'docs/defenses.md lists what each method takes from it. Options that are given win.',
      default: 'paper',
    },
    timeBudget: {
      type: 'duration',
      value: '<time>',
      help: 'the whole run takes at most this, such as 30m: fewer rounds, images and measurements where they do not fit',
      details:
        'Of methods with rounds. What is given otherwise is the most that is taken. The run tells what it chose, and ' +
        'ends after an earlier round where the time would not last.',
      unset: 'any time',
      default: null,
    },
    patience: {
      type: 'integer',
      least: 0,
      help: 'ends after so many rounds in a row in which nothing changed; 0: does all rounds',
      details:
        'Of methods with rounds. The last fifth of the clean images is set aside: the accuracy on them and the shared ' +
        'risk are what is looked at (docs/defenses.md, E0).',
      default: 0,
    },
  },
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
