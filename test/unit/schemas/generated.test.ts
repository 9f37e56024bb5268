import {readdirSync} from 'node:fs';
import {join} from 'node:path';
import {describe, expect, it} from 'vitest';
import {ROOT} from '../../support/paths.js';
import {outputSchemas} from '../../support/render_schemas.js';

// `npm run schemas` writes the files anew.

describe('the schemas of all documents', () => {
  const schemas = outputSchemas();

  it('are those of the types of bin/outputs.ts', async () => {
    for (const [name, schema] of schemas) {
      await expect(`${JSON.stringify(schema, null, 2)}\n`).toMatchFileSnapshot(
        `../../../schemas/${name}.schema.json`,
      );
    }
  });

  it('are all that schemas/ has', () => {
    const files = [...schemas.keys()].map((name) => `${name}.schema.json`);
    expect(readdirSync(join(ROOT, 'schemas')).sort()).toEqual(files.sort());
  });
});
