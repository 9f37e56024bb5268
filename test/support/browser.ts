import {existsSync, readFileSync} from 'node:fs';
import {type Browser, chromium} from 'playwright-core';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** The browser of the machine, or the one that SAU_TEST_BROWSER names; undefined where there is none. */
export const BROWSER = [process.env.SAU_TEST_BROWSER ?? '', ...PLACES].find(existsSync);

export function openBrowser(): Promise<Browser> {
  return chromium.launch({executablePath: BROWSER ?? '', args: ['--no-sandbox']});
}

export interface Visit {
  readonly theme: 'light' | 'dark';
  readonly width: number;
}

/** What a browser has to say of a page. */
export interface Seen {
  /** Of the console, with errors that nobody caught. */
  readonly messages: readonly string[];
  /** Addresses beside that of the page. */
  readonly requests: readonly string[];
  /** Pixels by which the page is wider than the screen. */
  readonly overflow: number;
  /** Of axe-core, serious or critical, with the first element of each. */
  readonly violations: readonly string[];
}

interface AxeResult {
  readonly violations: readonly {
    readonly id: string;
    readonly impact: string;
    readonly nodes: readonly {readonly html: string}[];
  }[];
}

/** Opens a page of the disk in a theme and at a width. */
export async function visit(browser: Browser, path: string, {theme, width}: Visit): Promise<Seen> {
  const viewport = {width, height: 900};
  const open = async (bypassCSP: boolean) => {
    const context = await browser.newContext({colorScheme: theme, viewport, bypassCSP});
    return {context, page: await context.newPage()};
  };
  const messages: string[] = [];
  const requests: string[] = [];
  const plain = await open(false);
  plain.page.on('console', (message) => messages.push(message.text()));
  plain.page.on('pageerror', (error) => messages.push(String(error)));
  plain.page.on('request', (request) => requests.push(request.url()));
  await plain.page.goto(`file://${path}`);
  const overflow = await plain.page.evaluate<number>(
    'document.documentElement.scrollWidth - document.documentElement.clientWidth',
  );
  await plain.context.close();
  const checked = await open(true); // the page allows no script, not even axe-core
  await checked.page.goto(`file://${path}`);
  await checked.page.evaluate(readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8'));
  const {violations} = await checked.page.evaluate<AxeResult>('axe.run()');
  await checked.context.close();
  return {
    messages,
    requests: requests.filter((url) => !url.startsWith('data:') && url !== `file://${path}`),
    overflow,
    violations: violations
      .filter(({impact}) => impact === 'serious' || impact === 'critical')
      .map(({id, nodes}) => `${id}: ${nodes[0]?.html}`),
  };
}
