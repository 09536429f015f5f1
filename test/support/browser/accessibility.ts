import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Theme } from './watched-page.js'

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Levels A and AA of the Web Content Accessibility Guidelines 2.2. */
const TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa']
/** Half-faded colours would be measured as they are: transitions are brought to their end. Endless ones have none. */
const FINISH_ANIMATIONS = `document.getAnimations().forEach((each) => { try { each.finish() } catch { each.cancel() } })`

/** What axe finds on the page as it stands, in words: rule, help, and the elements. */
export const axeFindings = async (page: Page): Promise<readonly string[]> => {
  await page.evaluate(FINISH_ANIMATIONS)
  // By way of the debugger, which no content security policy keeps out.
  await page.evaluate(AXE)
  const run = `axe.run(document, { runOnly: { type: 'tag', values: ${JSON.stringify(TAGS)} }, resultTypes: ['violations'] })`
  const { violations } = await page.evaluate<AxeResults>(run)
  return violations.map(({ id, help, nodes }) => {
    const places = nodes.map(({ target, failureSummary = '' }) => {
      const why = failureSummary.split('\n').slice(1).join('; ').trim()
      return `  ${target.join(' ')}: ${why}`
    })
    return [`${id}: ${help}`, ...places].join('\n')
  })
}

/** The page has no finding of axe in the light and in the dark theme. Leaves it in the theme of its context. */
export const expectAccessible = async (page: Page): Promise<void> => {
  for (const theme of ['light', 'dark'] satisfies Theme[]) {
    await page.emulateMedia({ colorScheme: theme })
    expect(await axeFindings(page), `findings in the ${theme} theme at ${page.url()}`).toEqual([])
  }
  await page.emulateMedia({ colorScheme: null })
}

/** Nothing is wider than the window. */
export const expectNoHorizontalScroll = async (page: Page): Promise<void> => {
  const [width, window] = await page.evaluate<[number, number]>(
    '[document.documentElement.scrollWidth, document.documentElement.clientWidth]',
  )
  expect(width, `width of ${page.url()} in a window of ${window} px`).toBeLessThanOrEqual(window)
}
