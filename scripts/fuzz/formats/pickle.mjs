import {integerBytes, interesting, mutateBytes} from './bytes.mjs';

// Opcodes by how their argument is written.
const LINES = {c: 2, i: 2, F: 1, I: 1, L: 1, P: 1, S: 1, V: 1, g: 1, p: 1};
const FIXED = {
  ...{K: 1, h: 1, q: 1, '\x80': 1, '\x82': 1, M: 2, '\x83': 2, J: 4, j: 4, r: 4, '\x84': 4},
  ...{G: 8, '\x95': 8},
};
const COUNTED = {
  ...{U: 1, C: 1, '\x8a': 1, '\x8c': 1, T: 4, X: 4, B: 4, '\x8b': 4},
  ...{'\x8d': 8, '\x8e': 8, '\x96': 8},
};

function sizeOf(bytes, at) {
  const code = String.fromCharCode(bytes[at]);
  if (code in FIXED) return 1 + FIXED[code];
  if (code in LINES) {
    let end = at;
    for (let n = LINES[code]; n > 0; n--) {
      end = bytes.indexOf(0x0a, end + 1);
      if (end < 0) return bytes.length - at;
    }
    return end + 1 - at;
  }
  const width = COUNTED[code] ?? 0;
  if (width === 0 || at + 1 + width > bytes.length) return 1;
  return 1 + width + Number(bytes.readUIntLE(at + 1, Math.min(width, 6)));
}

/** The opcodes of a pickle with their arguments, as pieces of it. */
function opcodesOf(bytes) {
  const opcodes = [];
  for (let at = 0; at < bytes.length && opcodes.length < 20_000; ) {
    const end = Math.min(bytes.length, at + sizeOf(bytes, at));
    opcodes.push(bytes.subarray(at, end));
    at = end;
  }
  return opcodes;
}

const latin1 = (text) => Buffer.from(text, 'latin1');
const counted = (code, width, data) =>
  Buffer.concat([latin1(code), integerBytes(data.length, width), data]);

const GLOBALS = [
  ...[
    'torch._utils\n_rebuild_tensor_v2',
    'torch._utils\n_rebuild_parameter',
    'torch\nFloatStorage',
  ],
  ...['torch\nSize', 'collections\nOrderedDict', '_codecs\nencode', 'builtins\nbytes'],
  ...['numpy.core.multiarray\n_reconstruct', 'numpy.core.multiarray\nscalar', 'numpy\ndtype'],
  ...['numpy._core.numeric\n_frombuffer', 'numpy\nndarray', 'collections\ndefaultdict'],
  ...['copyreg\n_reconstructor', 'os\nsystem', 'a.B\nC', 'torch\ndevice', 'builtins\nlist'],
  ...[
    'collections\nCounter',
    'torch.storage\nUntypedStorage',
    '__builtin__\nobject',
    '\n',
    'x\n__proto__',
  ],
];
const TEXTS = [
  ...['', 'model', 'state_dict', 'latin1', 'storage', 'cpu', '0', 'i8', '<f4', '|b1', '|u1', '<'],
  ...['weight', 'module.', 'num_batches_tracked', '__proto__', 'labels', 'data', '\u001b[31m', 'é'],
  ...[
    'bd_train',
    'data_dict',
    'original_index_array',
    'poison_indicator',
    'path',
    '../../etc/passwd',
  ],
];
const PLAIN = [
  ...[...'(.012QRNabdelosu]t)}'].map(latin1),
  ...[129, 133, 134, 135, 136, 137, 143, 144, 145, 146, 147, 148].map((code) => Buffer.of(code)),
];
/** A list that holds itself twice, so many times over: a few bytes that stand for more items than there is memory for. */
const DOUBLED = latin1(
  ']q\0' +
    Array.from({length: 40}, (_, i) => {
      const [own, next] = [String.fromCharCode(i), String.fromCharCode(i + 1)];
      return `0]q${next}(h${own}h${own}e`;
    }).join(''),
);
/** One opcode with an argument, or a few that belong together. */
const MADE = [
  () => DOUBLED,
  (random) => latin1(`c${random.pick(GLOBALS)}\n`),
  (random) => latin1(`i${random.pick(GLOBALS)}\n`),
  (random) => counted('X', 4, Buffer.from(random.pick(TEXTS))),
  (random) => counted('\x8c', 1, Buffer.from(random.pick(TEXTS))),
  (random) => counted('U', 1, latin1(random.pick(TEXTS))),
  (random, {words}) => counted('X', 4, Buffer.from(random.pick(words) ?? '')),
  (random) =>
    counted(random.pick(['B', 'T', '\x8b']), 4, Buffer.alloc(random.below(300), random.below(256))),
  (random) =>
    counted(
      'X',
      4,
      Buffer.alloc(70_000, random.pick(['a', 'é', '\xff']), random.pick(['utf8', 'latin1'])),
    ),
  (random) => Buffer.concat([latin1('J'), integerBytes(interesting(random), 4)]),
  (random) => Buffer.concat([latin1('\x8a\x08'), integerBytes(interesting(random), 8)]),
  (random) => Buffer.of(0x4b, random.below(256)),
  (random) => Buffer.of(random.pick([0x68, 0x71]), random.below(8)),
  (random) =>
    Buffer.concat([latin1(random.pick(['r', 'j'])), integerBytes(interesting(random), 4)]),
  (random) => latin1(`${random.pick(['p', 'g', 'I', 'L', 'F', 'P'])}${interesting(random)}\n`),
  (random) =>
    latin1(
      `${random.pick(['I', 'L', 'F', 'g', 'p'])}${random.pick(['-1', '00', '01', 'nan', 'inf', '1e5', '', ' 1', '0x1', '1L', '9'.repeat(50)])}\n`,
    ),
  (random) =>
    latin1(
      `${random.pick(['S', 'V'])}${random.pick(["'a'", '"\\x41"', '\\u0041', '\\ud800', "'", ''])}\n`,
    ),
  (random) =>
    Buffer.concat([latin1('G'), Buffer.from(Array.from({length: 8}, () => random.below(256)))]),
  (random) => Buffer.of(128, random.below(7)),
];

/** An opcode, of those with an argument or those without. */
function anyOpcode(random, context) {
  return random.chance(0.5) ? random.pick(PLAIN) : random.pick(MADE)(random, context);
}

/** Each gives another list of opcodes. */
const WAYS = [
  (random, codes, context) =>
    codes.toSpliced(random.below(codes.length + 1), 0, anyOpcode(random, context)),
  (random, codes, context) =>
    codes.toSpliced(random.below(codes.length), 1, anyOpcode(random, context)),
  (random, codes) => codes.toSpliced(random.below(codes.length), random.few(5)),
  (random, codes) => {
    const at = random.below(codes.length);
    const piece = codes.slice(at, at + random.few(20));
    return codes.toSpliced(random.below(codes.length + 1), 0, ...piece);
  },
  (random, codes, {other}) => {
    const from = opcodesOf(other());
    const at = random.below(from.length);
    const piece = from.slice(at, at + random.few(from.length));
    return codes.toSpliced(random.below(codes.length), random.below(4), ...piece);
  },
  (random, codes, context) => {
    const at = random.below(codes.length);
    return codes.toSpliced(
      at,
      1,
      Buffer.from(mutateBytes(random, codes[at] ?? latin1('N'), context)),
    );
  },
  (random, codes) => {
    const [a, b] = [random.below(codes.length), random.below(codes.length)];
    return codes.with(a, codes[b]).with(b, codes[a]);
  },
  (random, codes) => {
    if (!random.chance(0.03)) return codes;
    const at = random.below(codes.length);
    const piece = codes.slice(at, at + random.few(8));
    const bytes = piece.reduce((sum, code) => sum + code.length, 0);
    const times = random.below(Math.ceil(600_000 / Math.max(1, bytes))) >> random.below(10);
    return codes.toSpliced(
      at,
      0,
      Buffer.concat(Array.from({length: times}, () => Buffer.concat(piece))),
    );
  },
];

/** A pickle with opcodes put in, taken out, exchanged, changed or from another one. */
export function mutatePickle(random, bytes, context) {
  if (random.chance(0.1)) return mutateBytes(random, bytes, context);
  if (random.chance(0.03)) return grown(random, context);
  let codes = opcodesOf(bytes);
  for (let n = random.few(8); n > 0 && codes.length > 0; n--) {
    codes = random.pick(WAYS)(random, codes, context);
  }
  return Buffer.concat(codes);
}

/** A program of opcodes from nothing. */
function grown(random, context) {
  const codes = Array.from({length: random.below(60)}, () => anyOpcode(random, context));
  return Buffer.concat([Buffer.of(128, random.below(6)), ...codes, latin1('.')]);
}
