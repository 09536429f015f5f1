import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import type { Browser } from 'playwright-core'
import { chromium } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { watchedPage, type PageOptions, type WatchedPage } from './watched-page.js'

/** Names under which distributions install Chromium or Chrome. */
const PROGRAMS = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']
const LAUNCH_LIMIT_MS = 90_000

/** Path of the browser: `STREAMVANE_CHROMIUM`, or the first program on the path; `undefined`: there is none. */
const browserProgram = (): string | undefined => {
  const named = process.env['STREAMVANE_CHROMIUM']
  if (named !== undefined) return named
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  return PROGRAMS.flatMap((name) => folders.map((folder) => join(folder, name))).find((path) => existsSync(path))
}

const isRequired = (): boolean => process.env['STREAMVANE_REQUIRE_BROWSER'] === '1'

/** Opens pages that are closed when the test ends; each has cookies and storage of its own. */
export type Pages = Readonly<{ open: (options?: PageOptions) => Promise<WatchedPage> }>

/**
 * A suite in a real browser, started once for the suite. Each page that a test opens fails the test if anything went
 * wrong in it that was not allowed (see `watchedPage`). Where there is no browser the suite is skipped and says so;
 * `STREAMVANE_REQUIRE_BROWSER=1` makes that a failure.
 */
export const describeBrowser = (name: string, suite: (pages: Pages) => void): void => {
  const program = browserProgram()
  if (program === undefined) {
    const why = `no Chromium is on the path: install the package chromium, or set STREAMVANE_CHROMIUM`
    if (isRequired()) test(name, () => expect.fail(why))
    else describe.skip(`${name} (skipped: ${why})`, () => test('needs a browser', () => {}))
    return
  }
  describe(name, () => {
    let browser: Browser | undefined
    beforeAll(async () => {
      browser = await chromium.launch({
        executablePath: program,
        timeout: LAUNCH_LIMIT_MS,
        // Chromium has no sandbox for root, and shared memory is small in containers.
        args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--font-render-hinting=none'],
      })
    }, LAUNCH_LIMIT_MS)
    afterAll(() => browser?.close())
    suite({
      open: async (options) => {
        if (browser === undefined) throw new Error('a page can be opened in a test only')
        return watchedPage(browser, options)
      },
    })
  })
}
