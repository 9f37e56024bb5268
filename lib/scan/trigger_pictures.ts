import {join} from 'node:path';
import type {ImageSize} from '../datasets/decode.js';
import {writePng} from '../datasets/write_pngs.js';
import {SCAN_FILES, triggerPicture} from '../records/layout.js';
import type {ScanStatistic} from '../records/scan_summary.js';

/** A reconstructed trigger: planes uint8 [3,height,width], the mask times the pattern. */
export interface TriggerPicture extends ImageSize {
  readonly label: number;
  readonly planes: Uint8Array;
}

/**
 * Writes the triggers of all classes in one picture, and that of each class that `nc` names in one of its own, or
 * of the smallest where it names none. Returns the names of the files, `trigger_<label>` for a class.
 */
export async function writeTriggers(
  folder: string,
  pictures: readonly TriggerPicture[],
  statistics: readonly ScanStatistic[],
): Promise<Readonly<Record<string, string>>> {
  const [first] = pictures;
  if (first === undefined) return {};
  await writePng(...sheetOf(pictures, first), join(folder, SCAN_FILES.triggers));
  const files: Record<string, string> = {triggers: SCAN_FILES.triggers};
  const wanted = labelsToShow(statistics);
  for (const picture of pictures.filter(({label}) => wanted.includes(label))) {
    const name = triggerPicture(picture.label);
    await writePng(picture.planes, picture, join(folder, name));
    files[`trigger_${picture.label}`] = name;
  }
  return files;
}

function labelsToShow(statistics: readonly ScanStatistic[]): readonly number[] {
  const nc = statistics.find(({name}) => name === 'nc');
  if (nc === undefined) return [];
  if (nc.labels.length > 0) return nc.labels;
  const known = nc.classes.filter(({value}) => value !== null);
  const [smallest] = known.toSorted((a, b) => (a.value ?? 0) - (b.value ?? 0));
  return smallest === undefined ? [] : [smallest.label];
}

/** Row by row in a square of cells, the last ones black. */
function sheetOf(
  pictures: readonly TriggerPicture[],
  {height, width}: ImageSize,
): [Uint8Array, ImageSize] {
  const columns = Math.ceil(Math.sqrt(pictures.length));
  const rows = Math.ceil(pictures.length / columns);
  const size = {height: rows * height, width: columns * width};
  const planes = new Uint8Array(3 * size.height * size.width);
  for (const [i, picture] of pictures.entries()) {
    const top = Math.floor(i / columns) * height;
    const left = (i % columns) * width;
    for (let line = 0; line < 3 * height; line++) {
      const [plane, y] = [Math.floor(line / height), line % height];
      const from = picture.planes.subarray(line * width, (line + 1) * width);
      planes.set(from, (plane * size.height + top + y) * size.width + left);
    }
  }
  return [planes, size];
}
