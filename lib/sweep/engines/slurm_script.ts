import {join} from 'node:path';
import type {ConfigOf} from '../../options/option.js';
import {optionError, shown} from '../../options/parse.js';
import {planError} from '../plan.js';
import type {SLURM} from './slurm.js';
import {listName, type StepList} from './step_list.js';
import {shellWord, slug} from './words.js';

export type SlurmSettings = ConfigOf<typeof SLURM.settings>;
export type SlurmResources = ConfigOf<typeof SLURM.resources>;

/** What all scripts of a sweep have alike. */
export interface SlurmScene {
  /** What the sweep is called. */
  readonly name: string;
  /** Its folder, absolute. */
  readonly folder: string;
  /** How a job starts sau-native where the settings do not say: words of a shell. */
  readonly command: string;
}

/** Where Slurm's own files are, in the folder of a sweep. */
export const SLURM_FOLDER = 'slurm';
export const LOGS_FOLDER = 'logs';

/** The script of an array, as sbatch takes it. Throws ERR_CONFIG for a resource that is no single word. */
export function slurmScript(
  {name, folder, command}: SlurmScene,
  list: StepList,
  settings: SlurmSettings,
  resources: SlurmResources,
): string {
  const {stage, kind, ids, threads} = list;
  const limit = settings.jobs === null ? '' : `%${settings.jobs}`;
  const options: readonly (readonly [name: string, value: string | null])[] = [
    ['job-name', `${slug(name)}-${stage}-${kind}`],
    ['array', `0-${ids.length - 1}${limit}`],
    ['chdir', folder],
    ['output', join(folder, LOGS_FOLDER, `${stage}-${kind}-%A_%a.log`)],
    ['signal', `B:USR1@${saveAhead(settings, resources)}`],
    ...resourceOptions(resources, threads),
  ];
  const path = shellWord(join(folder, SLURM_FOLDER, `${listName(list)}.txt`));
  const step = `sweep step ${shellWord(folder)} --list ${path} --index "$SLURM_ARRAY_TASK_ID"`;
  const lines = [
    '#!/bin/bash',
    ...options.flatMap(([option, value]) =>
      value === null ? [] : [`#SBATCH --${option}=${optionWord(option, value)}`],
    ),
    '#SBATCH --open-mode=append',
    '#SBATCH --requeue',
    ...(settings.header === null ? [] : [settings.header.trimEnd()]),
    jobLines(`${settings.command ?? command} ${step}`, settings.requeues),
  ];
  return lines.join('\n');
}

/**
 * Does the step. At the time limit it can save its state: Slurm tells the shell alone, by USR1, and the job goes back into the
 * queue. Whatever else ends a job sends TERM to the step as well as to the shell, which has to wait for it.
 */
function jobLines(step: string, requeues: number): string {
  return `
# USR1 comes shortly before the time limit: the step saves its state and goes on in another job.
step= at_limit=no
trap 'at_limit=yes; [ -n "$step" ] && kill -TERM "$step"' USR1
trap : TERM
${step} &
step=$!
if [ "$at_limit" = yes ]; then kill -TERM "$step"; fi # it came before the step had a number
wait "$step"; code=$?
while kill -0 "$step" 2>/dev/null; do wait "$step"; code=$?; done
if [ "$at_limit" = yes ] && [ "$code" -ge 128 ] && [ "\${SLURM_RESTART_COUNT:-0}" -lt ${requeues} ]; then
  scontrol requeue "$SLURM_JOB_ID" && sleep 60
fi
exit "$code"
`;
}

/** A step has the better part of its time, however short that is. */
function saveAhead({saveAhead}: SlurmSettings, {time}: SlurmResources): number {
  return time === null ? saveAhead : Math.max(1, Math.min(saveAhead, Math.floor(time / 4)));
}

function resourceOptions(
  {cpus, memory, time, gpus, gpuType, partition, account, qos, constraint}: SlurmResources,
  threads: number,
): readonly (readonly [string, string | null])[] {
  const type = gpuType === null ? '' : `${singleWord('gpuType', gpuType)}:`;
  return [
    ['ntasks', '1'],
    ['cpus-per-task', String(cpus ?? threads)],
    ['mem', memory === null ? null : `${Math.ceil(memory / 2 ** 20)}M`],
    ['time', time === null ? null : slurmTime(time)],
    ['gres', gpus === 0 ? null : `gpu:${type}${gpus}`],
    ['partition', partition === null ? null : singleWord('partition', partition)],
    ['account', account === null ? null : singleWord('account', account)],
    ['qos', qos === null ? null : singleWord('qos', qos)],
    ['constraint', constraint === null ? null : singleWord('constraint', constraint)],
  ];
}

/** 93784.5 -> "1-02:03:05": Slurm knows days, and no part of a second. */
export function slurmTime(seconds: number): string {
  const all = Math.max(60, Math.ceil(seconds)); // a limit of less than a minute is one of a minute
  const parts = [Math.floor(all / 3600) % 24, Math.floor(all / 60) % 60, all % 60];
  const days = Math.floor(all / 86400);
  const clock = parts.map((part) => String(part).padStart(2, '0')).join(':');
  return days === 0 ? clock : `${days}-${clock}`;
}

/** Text of the plan that becomes part of a line for sbatch. */
function singleWord(option: string, text: string): string {
  if (/^[^\s"'\\]+$/.test(text)) return text;
  throw planError(`one word without quotes for resources.${option}`, shown(text));
}

/** Paths may have spaces, which sbatch takes in quotes; in a pattern of names `%` is two of them. */
function optionWord(option: string, value: string): string {
  if (option !== 'output' && option !== 'chdir') return value;
  if (/["\\\n\r]/.test(value)) {
    throw optionError(
      'out',
      'a folder without quotes and line ends, which sbatch cannot take',
      shown(value),
    );
  }
  const text = option === 'output' ? withoutPatterns(value) : value;
  return /\s|'/.test(text) ? `"${text}"` : text;
}

function withoutPatterns(path: string): string {
  const name = path.lastIndexOf('/');
  return path.slice(0, name).replaceAll('%', '%%') + path.slice(name);
}
