import {mkdir, writeFile} from 'node:fs/promises';
import {join} from 'node:path';
import {gzipSync} from 'node:zlib';
import {describe, expect, it} from 'vitest';
import {readCheckpoint} from '../../../lib/records/read_checkpoint.js';
import {fixture} from '../../support/checkpoint_fixtures.js';
import {errorOf} from '../../support/error_of.js';
import {temporaryFolder} from '../../support/folders.js';
import {makeZip} from '../../support/raw_zip.js';

function tar(first: string): Buffer {
  const header = Buffer.alloc(1024);
  header.write(first);
  header.write('ustar', 257);
  return header;
}

function zip(...names: string[]): Buffer {
  return makeZip(names.map((name) => ({name, data: '{}'})));
}

const LFS = 'version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n';
const ONNX = Buffer.from('\x08\x08\x12\x07pytorch\x1a\x052.13.', 'latin1');
const PK = ['model/data.pkl', 'model/version'];

const FILES: readonly (readonly [string, string, string | Buffer, string, RegExp])[] = [
  ['empty', 'a.pt', '', 'is empty', /download it again/],
  ['git-lfs-pointer', 'a.pt', LFS, 'a Git LFS pointer', /git lfs pull/],
  ['git-lfs-pointer', 'a.safetensors', LFS, 'a Git LFS pointer', /git lfs pull/],
  ['html', 'a.pt', '\n<!DOCTYPE html><html>', 'a web page', /Download the file itself/],
  ['html', 'a.safetensors', '<html lang="en">', 'a web page', /Download the file itself/],
  ['xml', 'a.pt', '<?xml version="1.0"?><Error><Code>', 'an XML text', /Download/],
  ['json', 'a.pt', '{"error": "Not Found"}', 'a JSON text', /the file with the weights/],
  ['json', 'model.safetensors.index.json', '{\n  "weight_map": {}}', 'a JSON text', /weights/],
  ['text', 'README.md', '# Model card \u2014 weights\n', 'a text', /the file with the weights/],
  ['onnx', 'a.onnx', 'anything', 'an ONNX model', /its PyTorch form/],
  ['onnx', 'a.pt', ONNX, 'an ONNX model', /its PyTorch form/],
  ['hdf5', 'a.h5', Buffer.from('\x89HDF\r\n\x1a\n\0', 'latin1'), 'an HDF5 file', /PyTorch form/],
  ['keras', 'a.keras', zip('config.json', 'model.weights.h5'), 'a model of Keras', /PyTorch/],
  ['tensorflow', 'frozen.pb', '\x0a\x10abc', 'a model of TensorFlow', /PyTorch form/],
  ['tflite', 'a.tflite', '\x1c\0\0\0TFL3', 'a TensorFlow Lite model', /PyTorch form/],
  ['gguf', 'a.gguf', 'GGUF\x03\0', 'a GGUF file', /PyTorch form/],
  ['npy', 'a.npy', Buffer.from('\x93NUMPY\x01\0', 'latin1'), 'a numpy array', /PyTorch form/],
  ['npz', 'a.npz', zip('w.npy', 'b.npy'), 'an archive of numpy arrays', /PyTorch form/],
  ['gzip', 'a.pt.gz', gzipSync('abc'), 'compressed with gzip', /Unpack it/],
  ['tar', 'a.tar', tar('folder/model.pt'), 'a tar archive', /Unpack it/],
  ['torch-tar', 'a.pt', tar('storages'), 'before PyTorch 0.1.10', /save it again/],
  ['zip', 'a.zip', zip('folder/model.pt'), 'a ZIP archive without', /Unpack it/],
  [
    'torchscript',
    'a.pt',
    zip(...PK, 'model/constants.pkl'),
    'a TorchScript module',
    /Dim\("batch"\)/,
  ],
  ['torch-package', 'a.pt', zip('a/.data/extern_modules'), 'torch.package', /state_dict/],
  ['torch-export', 'a.pt2', zip('a/models/model.json'), 'a program of torch.export', /as program/],
  ['torch-export', 'a.pt2', zip('serialized_exported_program.json'), 'torch.export', /as program/],
  [
    'aotinductor',
    'a.pt2',
    zip('a/data/aotinductor/model/m.so', 'a/models/model.json'),
    'an AOTInductor package',
    /torch\.export\.save/,
  ],
];

describe('a file that is no checkpoint', () => {
  it.each(FILES)('%s (%s) is named, with what to do', async (format, name, data, is, advice) => {
    const path = join(await temporaryFolder(), name);
    await writeFile(path, data);
    const error = await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
    expect(error.details).toEqual({path, format});
    expect(error.message).toContain(is);
    expect(error.message).toContain(path);
    expect(error.remedy).toMatch(advice);
  });

  it('a TorchScript module that PyTorch wrote is named', async () => {
    const error = await errorOf(readCheckpoint(fixture('torchscript.pt')), 'ERR_CHECKPOINT');
    expect(error.details).toMatchObject({format: 'torchscript'});
  });

  it('an archive is named also where its entries are compressed', async () => {
    const path = join(await temporaryFolder(), 'weights.npz');
    const bytes = zip('w.npy');
    bytes.writeUInt16LE(8, 8);
    bytes.writeUInt16LE(8, bytes.indexOf('PK\x01\x02') + 10);
    await writeFile(path, bytes);
    const error = await errorOf(readCheckpoint(path), 'ERR_CHECKPOINT');
    expect(error.details).toMatchObject({format: 'npz'});
  });
});

describe('a folder without a checkpoint', () => {
  it.each([
    ['hugging-face', ['config.json', 'model.safetensors'], /model\.safetensors or pytorch_model/],
    ['hugging-face', ['config.json', 'pytorch_model.bin'], /Name the file/],
    ['tensorflow', ['saved_model.pb', 'variables'], /PyTorch form/],
    ['tensorflow', ['checkpoint', 'model.ckpt-3.index', 'model.ckpt-3.meta'], /PyTorch form/],
    ['distributed-checkpoint', ['.metadata', '__0_0.distcp'], /dcp_to_torch/],
  ])('%s of %j is named, with what to do', async (format, names, advice) => {
    const folder = join(await temporaryFolder(), 'model');
    await mkdir(folder);
    for (const name of names) await writeFile(join(folder, name), '');
    const error = await errorOf(readCheckpoint(folder), 'ERR_CHECKPOINT');
    expect(error.details).toEqual({path: folder, format});
    expect(error.remedy).toMatch(advice);
  });
});
