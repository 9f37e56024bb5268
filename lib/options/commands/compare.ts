import {DEFENSE_NAMES, type DefenseName} from '../../defenses/defenses.js';
import {named} from '../named.js';
import type {OptionGroups} from '../option.js';
import {DEFEND} from './defend.js';

// Some methods of a comparison are expected to fail, so that no limit says what all of them should reach. Its runs have equal
// settings, which a time budget would not leave.
const {'Model and data': data, Run, 'For pipelines': _gates, Time: _time, ...others} = DEFEND;
// A run that was interrupted goes on by itself.
const {out, force, report, seed, evalEvery, resume: _resume, ...run} = Run;

/** What all runs of a comparison have alike: the options of every defense, and what is compared. */
export const COMPARE = {
  'Model and data': data,
  Comparison: {
    methods: {
      type: 'choices',
      choices: DEFENSE_NAMES as readonly DefenseName[],
      help: 'defenses to compare, in the order of the table',
      unset: 'all',
      default: null,
    },
    seeds: {
      type: 'numbers',
      integers: true,
      least: seed.least,
      most: seed.most,
      value: '<n,n>',
      expects: 'seeds such as 0,1,2',
      help: 'seeds of the runs of each method; all methods have the clean images of a seed alike',
      official: seed.official,
      default: [0, 1, 2],
    },
    out: {
      ...out,
      help: 'folder of the comparison, which goes on where an earlier call stopped',
      unset: 'compare beside the checkpoint',
    },
    report: {...report, help: 'also write report.html, which shows the comparison and its runs'},
    force: {...force, help: `start anew what ${named('out')} has`},
  },
  Run: {
    ...run,
    evalEvery: {
      ...evalEvery,
      help: 'measure after every n-th round too; 0: before and after alone, so that the time is of the method alone',
      default: 0,
    },
  },
  ...others,
} as const satisfies OptionGroups;
