import type {Sum} from '../download/checksum.js';

// How data sets lie on the disk where they are no image folders: the parts that differ between data sets of one
// kind, as plain data. formats.ts has a reader for each kind.

interface Layout {
  /** The name of the format, as the option `dataset` has it. */
  readonly format: string;
  /** The folder in the authors' archive that has the files. */
  readonly folder: string;
}

/** Records of label bytes and an image of 32x32, one after the other. */
export interface CifarBinaryLayout extends Layout {
  readonly reader: 'cifar-binary';
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** Before each image; the last one is the label. */
  readonly labelBytes: number;
  /** The file with the names of the classes. */
  readonly names: string;
}

/** Pickled dicts of an array "data" and a list of labels. */
export interface CifarPythonLayout extends Layout {
  readonly reader: 'cifar-python';
  readonly train: readonly string[];
  readonly test: readonly string[];
  /** The key of the labels. */
  readonly labels: string;
  /** The pickle with the names of the classes, and the key there. */
  readonly meta: string;
  readonly names: string;
  /** The key of the number of images in each file; without one the files tell. */
  readonly perFile?: string;
}

/** PPM files, and tables that say which they are: one in each class folder, and one of the test images. */
export interface ImageTablesLayout extends Layout {
  readonly reader: 'image-tables';
  /** Where the class folders and the test images are: in the reference's layout, then in the archive's. */
  readonly places: readonly {readonly train: string; readonly test: string}[];
  /** The table of the test images: beside them, or in a folder above. */
  readonly testTable: string;
}

/** Class folders for training; the test images lie in one folder, with a table of their classes. */
export interface AnnotatedFoldersLayout extends Layout {
  readonly reader: 'annotated-folders';
  /** Folders of the splits. */
  readonly train: string;
  readonly test: string;
  /** The list of the class folders. */
  readonly ids: string;
  /** What the classes are called. */
  readonly words: string;
  /** The table in the folder of the test split; where it is gone, its images are in class folders. */
  readonly annotations: string;
}

export type DatasetLayout =
  | CifarBinaryLayout
  | CifarPythonLayout
  | ImageTablesLayout
  | AnnotatedFoldersLayout;

/** A file of the authors. */
export interface Archive {
  readonly url: string;
  /** About. */
  readonly bytes: number;
  readonly sum: Sum;
  /** What is unpacked, and its place in the folder of the data set; nothing else is. */
  readonly places: Readonly<Record<string, string>>;
}

/** Where a data set comes from. */
export interface DatasetSource {
  /** What the authors say about it, the terms of use among it. */
  readonly page: string;
  readonly archives: readonly Archive[];
  /** About, unpacked. */
  readonly bytes: number;
}
