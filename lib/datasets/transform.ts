import {SauError} from '../base/errors.js';
import {named} from '../options/named.js';

/** Height and width in pixels. */
export interface ImageSize {
  /** In pixels. */
  readonly height: number;
  /** In pixels. */
  readonly width: number;
}

/** Both antialiased, as Pillow does them. */
export type Interpolation = 'bilinear' | 'bicubic';

/** What a picture is resized to before the crop: its shorter side, its aspect kept, or both sides. */
export type Resize = {readonly shorterSide: number} | ImageSize;

/**
 * How pictures of any size become images of one size: a resize, then the middle (torchvision's Resize and
 * CenterCrop). `height` and `width` are those of the result.
 */
export interface Transform extends ImageSize {
  /** Absent: to the result's size, whatever the aspect. null: pictures keep their size. */
  readonly resize?: Resize | null;
  /** Absent: bilinear. */
  readonly interpolation?: Interpolation;
}

/** The options that say how images are brought to size; null where the user says nothing. */
export interface TransformOptions {
  /** Such as `256` or `256x320`. */
  readonly resize: string | null;
  readonly crop: number | null;
  readonly interpolation: Interpolation | null;
}

export const NO_TRANSFORM: TransformOptions = {resize: null, crop: null, interpolation: null};

/** A transform whose picture is known: its size after the resize, and where the result lies in it. */
export interface PlacedTransform extends ImageSize {
  readonly resizedHeight: number;
  readonly resizedWidth: number;
  readonly bicubic: boolean;
  /** Of the result in the resized picture; below 0 the result begins outside, where it is black. */
  readonly top: number;
  readonly left: number;
}

const SIDES = /^(\d+)(?:x(\d+))?$/;

/** The value of the option `resize`: `256` is the shorter side, `256x320` height and width. */
export function parseResize(sides: string): Resize {
  const [, first, second] = SIDES.exec(sides) ?? [];
  if (second === undefined) return {shorterSide: Number(first)};
  return {height: Number(first), width: Number(second)};
}

/**
 * The size that images have after the transform, where the options tell: that of the crop, or else of a resize to
 * both sides.
 */
export function sizeOfTransform({resize, crop}: TransformOptions): ImageSize | undefined {
  if (crop !== null) return {height: crop, width: crop};
  const sides = resize === null ? null : parseResize(resize);
  return sides === null || 'shorterSide' in sides ? undefined : sides;
}

/**
 * The transform to images of a size. Throws ERR_CONFIG where the crop is another size.
 */
export function makeTransform(
  {height, width}: ImageSize,
  {resize, crop, interpolation}: TransformOptions,
): Transform {
  if (crop !== null && (crop !== height || crop !== width)) {
    throw new SauError(
      'ERR_CONFIG',
      `Expected ${height} for ${named('crop')}, which is the size of the model's images, but received ${crop}.`,
      {
        remedy: `Leave out ${named('crop')} or ${named('imageSize')}, or give both the side that the model was trained at.`,
        details: {crop, height, width},
      },
    );
  }
  const kept = crop === null ? undefined : null;
  const sides = resize === null ? kept : parseResize(resize);
  return {
    ...{height, width},
    ...(sides === undefined ? {} : {resize: sides}),
    ...(interpolation === null ? {} : {interpolation}),
  };
}

/** Where a picture of a size goes in a transform: torchvision's arithmetic. */
export function placeTransform(transform: Transform, picture: ImageSize): PlacedTransform {
  const {height, width, resize, interpolation} = transform;
  const resized = resizedSize(transform, picture, resize);
  return {
    ...{height, width, resizedHeight: resized.height, resizedWidth: resized.width},
    bicubic: interpolation === 'bicubic',
    top: cropOffset(resized.height, height),
    left: cropOffset(resized.width, width),
  };
}

/** Whether pictures of the result's size stay as they are. */
export function keepsOwnSize({height, width, resize}: Transform): boolean {
  const {height: tall, width: wide} = resizedSize({height, width}, {height, width}, resize);
  return tall === height && wide === width;
}

function resizedSize(
  {height, width}: ImageSize,
  picture: ImageSize,
  resize: Resize | null | undefined,
): ImageSize {
  if (resize === undefined) return {height, width};
  if (resize === null) return picture;
  if (!('shorterSide' in resize)) return resize;
  const {shorterSide} = resize;
  const longer = (side: number, shorter: number) => Math.trunc((shorterSide * side) / shorter);
  return picture.width <= picture.height
    ? {height: longer(picture.height, picture.width), width: shorterSide}
    : {height: shorterSide, width: longer(picture.width, picture.height)};
}

/** Of the middle `wanted` of `side` pixels. A smaller picture gets a border, whose odd pixel comes last. */
function cropOffset(side: number, wanted: number): number {
  if (side < wanted) return -Math.floor((wanted - side) / 2);
  const half = (side - wanted) / 2;
  // Python rounds a half to the even number.
  return half % 1 === 0.5 ? 2 * Math.round(half / 2) : half;
}
