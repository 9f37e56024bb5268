import {expect, it} from 'vitest';
import {documentedTypes, optionsPage} from '../../support/render_options.js';

// `npm run options` writes both files anew.

it('the documented types of options are those of the tables', async () => {
  await expect(documentedTypes()).toMatchFileSnapshot('../../../lib/options/documented.ts');
});

it('docs/options.md lists the options of the tables', async () => {
  await expect(optionsPage()).toMatchFileSnapshot('../../../docs/options.md');
});
