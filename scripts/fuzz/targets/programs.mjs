import {mutateBytes} from '../formats/bytes.mjs';
import {mutateJson} from '../formats/json.mjs';
import {makeZip, mutateZip, readZip} from '../formats/zip.mjs';
import {inputIn} from '../guarded.mjs';
import {expectThat, outcomeOf} from '../oracle.mjs';
import {packageModule} from '../package.mjs';
import {fixturesLike} from '../seeds.mjs';

const {readProgram} = packageModule('programs/read_program');
const {nativeProgram} = packageModule('programs/native_program');
const {DTYPE_BYTES, elementCount} = packageModule('checkpoint/tensor');

/** Of the nodes of a program that is made small, so that thousands of variants a second can be read. */
const NODES = 12;

/** The program with its first nodes alone, which is whole but for its output. */
function shortened(bytes) {
  const entries = readZip(bytes);
  const model = entries.find(({name}) => name.endsWith('models/model.json'));
  const json = JSON.parse(model.data.toString());
  const {graph} = json.graph_module;
  const last = graph.nodes.splice(NODES).at(-1);
  if (last !== undefined) graph.nodes.push(last);
  for (const node of graph.nodes) node.metadata = {};
  model.data = Buffer.from(JSON.stringify(json));
  return makeZip(entries);
}

function mutate(random, bytes, context) {
  const within = (name, data) =>
    name.endsWith('.json')
      ? mutateJson(random, data, {...context, other: () => data})
      : mutateBytes(random, data, {...context, other: () => data});
  return mutateZip(random, bytes, {...context, within});
}

const MOST_EXPANSION = 256 * 2 ** 20;

function check(program) {
  const {weights, stateDict, constants, nodes, numClasses, height, width} = program;
  for (const {key} of weights) {
    const {dtype, shape, data} = stateDict.get(key);
    expectThat(data.length === elementCount(shape) * DTYPE_BYTES[dtype], 'bytes of a weight');
    expectThat(data.length <= MOST_EXPANSION, 'a weight within bounds');
  }
  for (const {dtype, shape, data} of constants.values()) {
    expectThat(data.length === elementCount(shape) * DTYPE_BYTES[dtype], 'bytes of a constant');
  }
  expectThat(
    nodes.every(({operator}) => /^(aten|sym)::/.test(operator)),
    'an operator',
  );
  expectThat(
    [numClasses, height, width].every((side) => Number.isSafeInteger(side) && side >= 1),
    'sizes',
  );
  nativeProgram(program);
}

const target = {
  name: 'program',
  mostBytes: 1 << 20,
  seeds: async () => {
    const programs = await fixturesLike('programs', /\.pt2$/, 70_000);
    return [...programs, ...programs.map(shortened)];
  },
  mutate,
  run: (_, folder) => outcomeOf(() => readProgram(inputIn(folder)), check),
};

export const TARGETS = [target];
