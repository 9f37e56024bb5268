import {assertNever} from '../base/errors.js';
import type {PurificationVerdict, UnknownBecause, VerdictFigures} from './verdict_types.js';

// A verdict in plain sentences.

type Judgement = Pick<PurificationVerdict, 'state' | 'because' | 'figures'> & {
  readonly isBroken: boolean;
};

/** What happened to the backdoor, what the accuracy came to, and what the figures cannot tell. */
export function wordsOf(judgement: Judgement): string {
  const {because, figures} = judgement;
  const cost = because === 'not-measured' ? [] : [costOf(figures, judgement.isBroken)];
  return [aboutBackdoor(judgement), ...cost, ...caveatsOf(judgement)].join(' ');
}

function aboutBackdoor({state, because, figures}: Judgement): string {
  const {asrBefore, asrAfter, asrOfClean, raAfter, accAfter} = figures;
  const led = `the trigger leads ${percent(asrAfter)} of the images to ${targetOf(figures)}`;
  const earlier = asrBefore === null ? '' : `, before ${percent(asrBefore)}`;
  const clean = `a model without a backdoor has up to ${percent(asrOfClean)}`;
  switch (state) {
    case 'gone':
      return `The backdoor is gone: ${led}${earlier}; ${clean}.`;
    case 'active':
      return `The backdoor is still active: ${led}${earlier}.`;
    case 'weakened':
      return (asrAfter ?? 0) > asrOfClean
        ? `The backdoor is weakened, but not gone: ${led}${earlier}; ${clean}.`
        : `The backdoor is weakened, but not gone: the trigger no longer leads to ${targetOf(figures)}, but with it only ` +
            `${percent(raAfter)} of the images are recognized, and ${percent(accAfter)} without.`;
    case 'never-worked':
      return (
        `The attack had not worked: before the defense the trigger led ${percent(asrBefore)} of the images to ` +
        `${targetOf(figures)}, no more than in a model without a backdoor. What the defense does to a backdoor ` +
        `cannot be seen here (${percent(asrAfter)} after it).`
      );
    case 'unknown':
      return unknown(because, figures);
    default:
      return assertNever(state);
  }
}

function unknown(because: UnknownBecause | null, figures: VerdictFigures): string {
  const {asrAfter, asrAfterRange, poisonedCount, accBefore, accAfter, raAfter} = figures;
  switch (because) {
    case null:
    case 'no-poisoned-images':
      return 'Nothing is known about the backdoor, neither whether there was one nor whether it is gone: there were no poisoned images.';
    case 'untrained-model':
      return (
        `Nothing is known about the backdoor: the model before the defense recognizes ${percent(accBefore)} of the clean images, ` +
        'hardly more than one that guesses, so that its ASR says nothing.'
      );
    case 'not-measured':
      return 'Nothing is known about the backdoor: the run was interrupted, and the weights that it left were not measured.';
    case 'broken-model':
      return (
        `Nothing is known about the backdoor: ASR is ${percent(asrAfter)}, but so it is where a model predicts one class for ` +
        `everything, and this one recognizes ${accAfter === null ? `${percent(raAfter)} of the poisoned images` : 'hardly anything'}.`
      );
    case 'few-images':
      return (
        `Nothing certain is known about the backdoor: of ${poisonedCount} poisoned images ${percent(asrAfter)} were led to ` +
        `${targetOf(figures)}, and with so few it may be ${range(asrAfterRange)}.`
      );
    default:
      return assertNever(because);
  }
}

function costOf({accBefore, accAfter, accDrop}: VerdictFigures, isBroken: boolean): string {
  if (accAfter === null) return 'What it cost in accuracy was not measured.';
  if (isBroken) {
    const earlier = accBefore === null ? '' : `, before ${percent(accBefore)}`;
    return `The model itself is broken: it recognizes ${percent(accAfter)} of the clean images${earlier}.`;
  }
  if (accDrop === null) return `The accuracy is ${percent(accAfter)}.`;
  const points = (100 * Math.abs(accDrop)).toFixed(1);
  if (points === '0.0') return `The accuracy stayed at ${percent(accAfter)}.`;
  const change = accDrop > 0 ? 'fell' : 'rose';
  return `The accuracy ${change} from ${percent(accBefore)} to ${percent(accAfter)}, by ${points} points.`;
}

/** What has to be said of the figures, besides what they are. */
function caveatsOf({state, figures}: Judgement): string[] {
  const {asrAfterRange, asrOfClean, poisonedCount, targets} = figures;
  const isUncertain = state === 'gone' && asrAfterRange !== null && asrAfterRange[1] > asrOfClean;
  return [
    ...(isUncertain
      ? [`With ${poisonedCount} poisoned images ASR may be ${range(asrAfterRange)}.`]
      : []),
    ...(targets > 1 && state !== 'unknown'
      ? ['The attack leads each class to another one: ASR counts what reaches its own class.']
      : []),
  ];
}

function targetOf({targets}: VerdictFigures): string {
  return targets > 1 ? "their classes' targets" : 'its class';
}

function range(of: readonly [number, number] | null): string {
  return of === null ? '-' : `from ${percent(of[0])} to ${percent(of[1])}`;
}

function percent(share: number | null): string {
  return share === null ? '-' : `${(100 * share).toFixed(1)} %`;
}
