import {readFileSync} from 'node:fs';
import {inflateSync} from 'node:zlib';
import {describe, expect, it} from 'vitest';
import {NumpyArray} from '../../../lib/checkpoint/numpy_values.js';
import {OrderedDict, PyTuple} from '../../../lib/checkpoint/pickle_values.js';
import {unpickle} from '../../../lib/checkpoint/unpickle.js';
import {VOCABULARY} from '../../../lib/checkpoint/vocabulary.js';
import {fixture} from '../../support/checkpoint_fixtures.js';
import {errorOf} from '../../support/error_of.js';

function read(bytes: Uint8Array | string, persistentLoad?: (id: unknown) => unknown) {
  const pickle = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes;
  const common = {source: 'a.pt', vocabulary: VOCABULARY};
  return unpickle(pickle, persistentLoad === undefined ? common : {...common, persistentLoad});
}

async function readValue(bytes: Uint8Array | string): Promise<unknown> {
  return (await read(bytes)).value;
}

describe('pickles of every protocol', () => {
  it.each([0, 1, 2, 3, 4, 5])(
    'protocol %i gives the values that Python wrote',
    async (protocol) => {
      const bytes = inflateSync(readFileSync(fixture(`protocol${protocol}.pkl.z`)));
      const {value, protocol: found} = await read(bytes);
      expect(found).toBe(protocol < 2 ? 0 : protocol);
      const dict = value as Map<string, unknown>;
      expect(dict.get('text')).toBe('h\u00e9llo\nworld');
      expect(dict.get('none')).toBeNull();
      expect(dict.get('flags')).toEqual([true, false]);
      const ints = [
        0,
        -1,
        255,
        256,
        65536,
        -(2 ** 31),
        2 ** 31,
        2 ** 53 - 1,
        -(2n ** 62n),
        2n ** 80n,
      ];
      expect(dict.get('ints')).toEqual(ints);
      expect(dict.get('float')).toBe(-0.125);
      expect(dict.get('scalar')).toBe(5);
      const tuples = [[], [1], [1, 2], [1, 2, 3], [1, 2, 3, 4]];
      expect(dict.get('tuples')).toEqual(tuples.map((items) => new PyTuple(items)));
      expect(dict.get('nested')).toEqual(new Map([[1, new Map([['a', []]])]]));
      expect(dict.get('again')).toBe(dict.get('nested'));
      expect(dict.get('ordered')).toBeInstanceOf(OrderedDict);
      expect(dict.get('ordered')).toEqual(new OrderedDict([['a', 1]]));
      const long = dict.get('long') as NumpyArray;
      expect(Array.from(await long.numbers())).toEqual(
        Array.from({length: 40000}, (_, i) => i % 251),
      );
      const arrays = dict.get('arrays') as Map<string, NumpyArray>;
      for (const [name, array] of arrays) {
        const numbers = Array.from(await array.numbers());
        if (name === 'c' || name === 'fortran') {
          expect([array.shape, numbers]).toEqual([
            [2, 3],
            [0, 1, 2, 3, 4, 5],
          ]);
        } else if (name === 'empty') expect([array.shape, numbers]).toEqual([[0], []]);
        else expect(numbers, name).toEqual(name === 'b1' ? [1, 0] : [0, 1, 100]);
      }
      expect(arrays.size).toBe(15);
    },
  );

  it('an array of Python 2, whose bytes are a byte string, is read', async () => {
    const state =
      '(K\x01K\x02\x85cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x02\x07\xfftb.';
    const array = (await readValue(
      `\x80\x02cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R${state}`,
    )) as NumpyArray;
    expect(array).toBeInstanceOf(NumpyArray);
    expect(Array.from(await array.bytes())).toEqual([7, 255]);
  });

  it('numpy numbers and bytes become plain keys of a dict', async () => {
    const scalar =
      'cnumpy._core.multiarray\nscalar\ncnumpy\ndtype\nX\x02\x00\x00\x00i8\x89\x88\x87Rc_codecs\nencode\nX\x08\x00\x00\x00\x05\0\0\0\0\0\0\0X\x06\x00\x00\x00latin1\x86R\x86R';
    const value = await readValue(`\x80\x02}(${scalar}K\x01C\x01xK\x02X\x09\0\0\0__proto__K\x03u.`);
    expect(value).toEqual(
      new Map<unknown, unknown>([
        [5, 1],
        ['x', 2],
        ['__proto__', 3],
      ]),
    );
    expect(({} as {polluted?: unknown}).polluted).toBeUndefined();
  });
});

describe('pickles that ask for code', () => {
  const attempts: readonly (readonly [string, string, string])[] = [
    ['GLOBAL', 'cos\nsystem\n(S"x"\ntR.', 'os.system'],
    ['STACK_GLOBAL', '\x80\x04\x8c\x05posix\x8c\x06system\x93.', 'posix.system'],
    ['INST', '(S"x"\nios\nsystem\n.', 'os.system'],
    [
      'an alias by dots',
      '\x80\x04\x8c\x0bcollections\x8c\x10_sys.modules.x.y\x93.',
      'collections._sys',
    ],
    ['builtins', '\x80\x02cbuiltins\neval\n.', 'builtins.eval'],
    ['a call of a mere argument', '\x80\x02cnumpy\nndarray\n)R.', 'a call of numpy.ndarray'],
    ['a call of text', '\x80\x02X\x01\0\0\0a)R.', 'a call of "a"'],
    ['OBJ of a number', '(K\x01o.', 'a call of 1'],
    [
      'NEWOBJ of a storage class',
      '\x80\x02ctorch\nFloatStorage\n)\x81.',
      'a call of torch.FloatStorage',
    ],
    ['BUILD of a dict', '\x80\x02}}b.', 'BUILD of a dict of 0'],
    ['an extension code', '\x80\x02\x82\x01.', 'extension code 1'],
  ];

  it.each(attempts)('%s is refused by name', async (_, pickle, name) => {
    const error = await errorOf(read(pickle), 'ERR_UNSAFE_PICKLE');
    expect(error.message).toContain(name);
    expect(error.message).toContain('nothing was executed');
  });
});

describe('damaged pickles', () => {
  const damaged: readonly (readonly [string, string])[] = [
    ['no bytes', ''],
    ['no STOP', '\x80\x02}'],
    ['text longer than the file', '\x80\x02X\xff\xff\xff\x7fabc.'],
    ['a length of 2^63', '\x80\x04\x8d\0\0\0\0\0\0\0\x80abc.'],
    ['an unknown opcode', '\x80\x02\xff.'],
    ['protocol 9', '\x80\x09N.'],
    ['a pop of nothing', '0.'],
    ['STOP without a value', '\x80\x02.'],
    ['a pop below a mark', '\x80\x02K\x01(\x85.'],
    ['a mark that is missing', '\x80\x02K\x01t.'],
    ['an unknown memo', '\x80\x02h\x07.'],
    ['items for a number', '\x80\x02K\x01(K\x02K\x03u.'],
    ['an odd number of items', '\x80\x02}(K\x02u.'],
    ['an append to a dict', '\x80\x02}K\x01a.'],
    ['an integer of a megabyte', `\x80\x02\x8b\0\0\x10\0${'\x01'.repeat(1 << 20)}.`],
    ['arguments that are no tuple', '\x80\x02ccollections\nOrderedDict\n]R.'],
    ['an out-of-band buffer', '\x80\x05\x97.'],
    ['keyword arguments', '\x80\x04ccollections\nOrderedDict\n)}K\x01K\x02s\x92.'],
    ['a persistent id where none is known', '\x80\x02K\x01Q.'],
    ['a numpy array of objects', '\x80\x02cnumpy\ndtype\nX\x02\0\0\0O8\x89\x88\x87R.'],
    [
      'a big-endian array',
      '\x80\x02cnumpy\ndtype\nX\x02\0\0\0i8\x89\x88\x87R(K\x03X\x01\0\0\0>NNNK\x00K\x00K\x00tb.',
    ],
    ['text without an end of line', 'Vabc'],
  ];

  it.each(damaged)('%s is ERR_CHECKPOINT', async (_, pickle) => {
    const error = await errorOf(read(pickle), 'ERR_CHECKPOINT');
    expect(error.message).toContain('a.pt');
  });

  it('a list may hold itself', async () => {
    const value = (await readValue('\x80\x02]q\x00h\x00a.')) as unknown[];
    expect(value[0]).toBe(value);
  });

  it('a long pickle lets the event loop turn', async () => {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    const pickle = Buffer.concat([
      Buffer.from('\x80\x02(', 'latin1'),
      Buffer.alloc(3_000_000, 'N'),
      Buffer.from('l.'),
    ]);
    const value = (await readValue(pickle)) as unknown[];
    clearInterval(timer);
    expect(value).toHaveLength(3_000_000);
    expect(turns).toBeGreaterThan(0);
  });
});
