import {extname} from 'node:path';
import {SauError} from '../base/errors.js';
import {named} from '../options/named.js';
import {FormatError} from './checkpoint_error.js';
import {SAVE_OR_EXPORT} from './export_recipe.js';

/** What a file or folder is that is not read; docs/checkpoints.md says what to do with each. */
export type ForeignFormat =
  | 'empty'
  | 'git-lfs-pointer'
  | 'html'
  | 'xml'
  | 'json'
  | 'text'
  | 'torchscript'
  | 'pickled-model'
  | 'pickle'
  | 'torch-tar'
  | 'torch-package'
  | 'distributed-checkpoint'
  | 'torch-export'
  | 'aotinductor'
  | 'onnx'
  | 'keras'
  | 'hdf5'
  | 'tensorflow'
  | 'tflite'
  | 'gguf'
  | 'hugging-face'
  | 'npy'
  | 'npz'
  | 'tar'
  | 'gzip'
  | 'bzip2'
  | 'xz'
  | 'zstd'
  | '7z'
  | 'rar'
  | 'zip';

interface Foreign {
  /** As a sentence has it. */
  readonly is: string;
  /** What to do. */
  readonly advice: string;
}

const DOWNLOAD_AGAIN = 'Download the file itself, and look at its size before you use it.';
const UNPACK = 'Unpack it and name the checkpoint in it.';
const CONVERT =
  'Only weights of PyTorch are read: take the model in its PyTorch form, and save model.state_dict() with torch.save.';

/** Files and folders that are met in the place of a checkpoint and are not read. */
export const FOREIGN: Readonly<Record<ForeignFormat, Foreign>> = {
  empty: {is: 'empty', advice: 'Copy or download it again.'},
  'git-lfs-pointer': {
    is: 'a Git LFS pointer, which stands for the file in a repository',
    advice: 'Run `git lfs pull` there, or download the file itself.',
  },
  html: {is: 'a web page, as a failed download leaves it', advice: DOWNLOAD_AGAIN},
  xml: {is: 'an XML text, as a failed download leaves it', advice: DOWNLOAD_AGAIN},
  json: {
    is: 'a JSON text, such as the answer of a server or the index of a sharded checkpoint',
    advice: 'Name the file with the weights.',
  },
  text: {is: 'a text', advice: 'Name the file with the weights: .pt, .pth or .safetensors.'},
  torchscript: {is: 'a TorchScript module, which is a program', advice: SAVE_OR_EXPORT},
  'pickled-model': {
    is: 'a whole pickled model, which only its own program can open',
    advice: SAVE_OR_EXPORT,
  },
  pickle: {is: 'a bare pickle', advice: 'Save model.state_dict() with torch.save.'},
  'torch-tar': {
    is: 'a file of torch.save from before PyTorch 0.1.10, a tar archive',
    advice: 'Load it in PyTorch and save it again with torch.save.',
  },
  'torch-package': {is: 'an archive of torch.package, which holds code', advice: SAVE_OR_EXPORT},
  'distributed-checkpoint': {
    is: 'a distributed checkpoint of PyTorch',
    advice:
      'Run `python -m torch.distributed.checkpoint.format_utils dcp_to_torch <folder> model.pt` and give model.pt.',
  },
  'torch-export': {
    is: 'a program of torch.export',
    advice: `Give it as ${named('program')}; weights are taken from it, or from a checkpoint with its keys.`,
  },
  aotinductor: {
    is: 'an AOTInductor package, which is compiled machine code',
    advice: SAVE_OR_EXPORT,
  },
  onnx: {is: 'an ONNX model', advice: CONVERT},
  keras: {is: 'a model of Keras', advice: CONVERT},
  hdf5: {is: 'an HDF5 file, as Keras writes it', advice: CONVERT},
  tensorflow: {is: 'a model of TensorFlow', advice: CONVERT},
  tflite: {is: 'a TensorFlow Lite model', advice: CONVERT},
  gguf: {is: 'a GGUF file of a language model', advice: CONVERT},
  'hugging-face': {
    is: 'a folder of Hugging Face',
    advice:
      'Name the file with the weights in it, model.safetensors or pytorch_model.bin; its keys must be those of the model.',
  },
  npy: {is: 'a numpy array (.npy)', advice: CONVERT},
  npz: {is: 'an archive of numpy arrays (.npz)', advice: CONVERT},
  tar: {is: 'a tar archive', advice: UNPACK},
  gzip: {is: 'compressed with gzip', advice: UNPACK},
  bzip2: {is: 'compressed with bzip2', advice: UNPACK},
  xz: {is: 'compressed with xz', advice: UNPACK},
  zstd: {is: 'compressed with Zstandard', advice: UNPACK},
  '7z': {is: 'a 7z archive', advice: UNPACK},
  rar: {is: 'a RAR archive', advice: UNPACK},
  zip: {is: 'a ZIP archive without an entry data.pkl, which torch.save writes', advice: UNPACK},
};

export function isForeignFormat(format: unknown): format is ForeignFormat {
  return typeof format === 'string' && Object.hasOwn(FOREIGN, format);
}

/** Says what a file is that is not read, and what to do. */
export class ForeignFile extends FormatError {
  constructor(format: ForeignFormat) {
    super(`it is ${FOREIGN[format].is}`, FOREIGN[format].advice, {format});
  }
}

/** ERR_UNSAFE_PICKLE for a whole model, which a pickle cannot build without running its program. */
export function pickledModel(path: string, className: string): SauError {
  const {is, advice} = FOREIGN['pickled-model'];
  return new SauError(
    'ERR_UNSAFE_PICKLE',
    `Expected a state dict in ${path} but it is ${is}, of the class ${className}; nothing was executed.`,
    {remedy: advice, details: {path, global: className, format: 'pickled-model'}},
  );
}

type Test = (head: Buffer, extension: string) => boolean;

const startsWith =
  (bytes: string, at = 0): Test =>
  (head) =>
    head.toString('latin1', at, at + bytes.length) === bytes;

const matches =
  (pattern: RegExp): Test =>
  (head) =>
    pattern.test(head.toString('latin1').replace(/^\xef\xbb\xbf/, ''));

/** By the first bytes, and where these are no sign by the extension; the first that holds. */
const BY_HEAD: readonly (readonly [ForeignFormat, Test])[] = [
  ['empty', (head) => head.length === 0],
  ['git-lfs-pointer', startsWith('version https://git-lfs')],
  ['html', matches(/^\s*<(!doctype html|html|head|body)\b/i)],
  ['xml', matches(/^\s*<(\?xml|Error>)/)],
  ['json', matches(/^\s*[{[]\s*["{\]}[]/)],
  ['hdf5', startsWith('\x89HDF\r\n\x1a\n')],
  ['npy', startsWith('\x93NUMPY')],
  ['gguf', startsWith('GGUF')],
  ['tflite', startsWith('TFL3', 4)],
  ['gzip', startsWith('\x1f\x8b')],
  ['bzip2', startsWith('BZh')],
  ['xz', startsWith('\xfd7zXZ\0')],
  ['zstd', startsWith('\x28\xb5\x2f\xfd')],
  ['7z', startsWith("7z\xbc\xaf'\x1c")],
  ['rar', startsWith('Rar!')],
  [
    'torch-tar',
    (head) => isTar(head) && /^(\.\/)?(sys_info|pickle|storages|tensors)\b/.test(text(head)),
  ],
  ['tar', (head) => isTar(head)],
  ['onnx', (head, extension) => extension === '.onnx' || isOnnx(head)],
  ['tensorflow', (_, extension) => ['.pb', '.index', '.meta'].includes(extension)],
];

/** Fields 1 and 2 of its protocol buffer: the version of the format, and the name of the producer. */
function isOnnx(head: Buffer): boolean {
  const [versionTag, version = 0, nameTag, nameBytes = 0] = head;
  return versionTag === 8 && version <= 32 && nameTag === 0x12 && nameBytes > 0 && nameBytes <= 64;
}

function isTar(head: Buffer): boolean {
  return startsWith('ustar', 257)(head, '');
}

/** Whether the first bytes have no control characters but those of a text. */
export function isText(head: Buffer): boolean {
  return /^[\t\n\f\r\x20-\x7e\x80-\xff]+$/.test(head.toString('latin1'));
}

function text(head: Buffer): string {
  return head.toString('latin1', 0, 100);
}

/** What a file is by its first bytes and its name; null where they tell nothing. */
export function foreignByHead(head: Buffer, path: string): ForeignFormat | null {
  const extension = extname(path).toLowerCase();
  return BY_HEAD.find(([, test]) => test(head, extension))?.[0] ?? null;
}

/** By the names in a ZIP, below any root folder; the first that holds. */
const BY_ENTRY: readonly (readonly [ForeignFormat, RegExp])[] = [
  ['aotinductor', /(^|\/)data\/aotinductor\//],
  ['torch-export', /(^|\/)(models\/[^/]+\.json|serialized_exported_program\.json)$/],
  ['torchscript', /(^|\/)constants\.pkl$/],
  ['torch-package', /(^|\/)\.data\/extern_modules$/],
  ['keras', /^model\.weights\.h5$/],
];

/** What a ZIP is by its entries; null for one of torch.save. */
export function foreignByEntries(entries: readonly string[]): ForeignFormat | null {
  // PyTorch's reader compares names without their case.
  const names = entries.map((name) => name.toLowerCase());
  const found = BY_ENTRY.find(([, pattern]) => names.some((name) => pattern.test(name)))?.[0];
  if (found !== undefined) return found;
  if (names.some((name) => /(^|\/)data\.pkl$/.test(name))) return null;
  return names.length > 0 && names.every((name) => name.endsWith('.npy')) ? 'npz' : 'zip';
}

/** What a folder without a checkpoint of ours is by the names in it; null where they tell nothing. */
export function foreignByFolder(names: readonly string[]): ForeignFormat | null {
  const has = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  if (has(/^saved_model\.pb(txt)?$/) || has(/\.ckpt.*\.index$/)) return 'tensorflow';
  if (has(/\.distcp$/)) return 'distributed-checkpoint';
  if (has(/^(config|model\.safetensors\.index|pytorch_model\.bin\.index)\.json$/)) {
    return has(/\.(safetensors|bin|msgpack|h5)$/) ? 'hugging-face' : null;
  }
  return null;
}
