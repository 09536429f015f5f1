import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { expectAccessible, expectNoHorizontalScroll } from '../support/browser/accessibility.js'
import { describeBrowser } from '../support/browser/chromium.js'
import { consoleOfSuite, type Role, type RunningConsole } from '../support/browser/running-console.js'
import { PATIENCE_MS } from '../support/browser/watched-page.js'

const PAGES = ['Flow', 'Figures', 'Compare', 'Operations'] as const

/** A row of the morning, by the address that a click on its figure leads to. */
const explained = async ({ call }: RunningConsole): Promise<string> => {
  const rows = '/rows?family=queue&granularity=PT15M&from=2026-01-05T07:00:00Z&limit=1'
  const { items } = await call<Readonly<{ items: readonly Readonly<Record<string, string>>[] }>>('GET', rows)
  const { intervalStart = '', queueId = '', mediaType = '' } = items[0] ?? {}
  return `explain?${new URLSearchParams({ family: 'queue', interval: intervalStart, queueId, mediaType }).toString()}`
}
const TABS_MAX = 80

/**
 * What the keyboard is on: role and words, and whether a person sees it. The parts of a date field are the browser's
 * own: it marks the one that is typed into, and the field tells nothing of that.
 */
const FOCUSED = `(() => {
  const at = document.activeElement
  if (at === null || at === document.body) return null
  const { outlineStyle, outlineWidth } = getComputedStyle(at)
  const words = (at.getAttribute('aria-label') ?? at.labels?.[0]?.textContent ?? at.textContent ?? '').trim()
  return { what: at.tagName.toLowerCase() + ' ' + words.slice(0, 60), outline: at.type === 'datetime-local' || at.type === 'date' || (outlineStyle !== 'none' && parseFloat(outlineWidth) > 0) }
})()`

type Focused = Readonly<{ what: string; outline: boolean }> | null

describeBrowser('every page of the console', ({ open }) => {
  const system = consoleOfSuite()

  test('is reached through the address that the process prints, without a token; a second time that address is no use', async () => {
    const { page } = await open()
    await page.goto(system().printed)
    await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor()
    expect(page.url()).not.toContain('code=')

    const second = await open()
    second.allow(/401/)
    await second.page.goto(system().printed)
    await second.page.getByText('one-time code of this address was used before').waitFor()
    await second.page.getByLabel('Token').fill(system().token('viewer'))
    await second.page.getByRole('button', { name: 'Sign in' }).click()
    await second.page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor()
  })

  test('asks to sign in again when its session has ended', async () => {
    const watched = await open()
    const { page } = watched
    await system().signIn(watched, 'flow', 'operator')
    await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor()
    watched.allow(/401/)
    const ended = await page
      .context()
      .request.delete(`${system().url}/v1/session`, { headers: { origin: system().url, 'x-streamvane-console': '1' } })
    expect(ended.status()).toBe(204)
    await page.getByRole('link', { name: 'Operations' }).click()
    await page.getByText('The session has ended').waitFor()
  })

  test.each([
    ['viewer', ['Rebuild …'], []],
    ['operator', [], ['Rebuild …', 'Replay', 'Doctor']],
    ['auditor', ['Rebuild …', 'Replay'], ['Audit log', 'Doctor']],
  ] as const)('offers the role %s what it may do, and nothing else', async (role: Role, hidden, shown) => {
    const watched = await open()
    const { page } = watched
    await system().signIn(watched, 'operations', role)
    await page.getByRole('grid', { name: 'Generations' }).waitFor()
    const offered = (name: string) => page.getByRole('main').locator('a, button').filter({ hasText: name })
    for (const name of shown) await offered(name).first().waitFor()
    for (const name of hidden) expect(await offered(name).count(), name).toBe(0)
  })

  const addressOf = (name: string) => (name === 'Explain' ? explained(system()) : name.toLowerCase())

  /** Resolves once a page shows what it was opened for. */
  const isThere = async (page: Page, name: string): Promise<void> => {
    await page.getByRole('heading', { name, level: 1 }).waitFor()
    if (name === 'Explain') await page.getByText('The contributions add up to the published row.').waitFor()
    await page.locator('.loading').first().waitFor({ state: 'detached' })
  }

  test.each([...PAGES, 'Explain'])(
    '%s is accessible in both themes, and fits into 360 px and 2560 px',
    async (name) => {
      const watched = await open({ reducedMotion: true })
      const { page } = watched
      await system().signIn(watched, await addressOf(name))
      await isThere(page, name)
      await expectAccessible(page)
      for (const width of [360, 2_560]) {
        await page.setViewportSize({ width, height: 900 })
        await expectNoHorizontalScroll(page)
      }
      // Nothing moves where a person has asked for less motion.
      expect(
        await page.evaluate('document.getAnimations().filter((each) => each.playState === "running").length'),
      ).toBe(0)
    },
  )

  test.each([...PAGES, 'Explain'])(
    '%s can be walked through with the keyboard alone, and shows where one is',
    async (name) => {
      const watched = await open()
      const { page } = watched
      await system().signIn(watched)
      await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor()
      const walked: string[] = []
      /** Tabs until `wanted` has the focus; every stop on the way is seen. */
      const tabTo = async (wanted: (what: string) => boolean): Promise<void> => {
        for (let stop = 0; stop < TABS_MAX; stop++) {
          await page.keyboard.press('Tab')
          const focused = await page.evaluate<Focused>(FOCUSED)
          if (focused === null) continue
          walked.push(focused.what)
          expect(focused.outline, `${focused.what} shows that it has the focus`).toBe(true)
          if (wanted(focused.what)) return
        }
        throw new Error(`the keyboard did not get there: ${walked.join(', ')}`)
      }
      if (name === 'Explain') await page.goto(`${system().url}/console/${await addressOf(name)}`)
      else {
        await tabTo((what) => what === `a ${name}`)
        await page.keyboard.press('Enter')
      }
      await isThere(page, name)
      // Into the page and out of its end: the focus is caught nowhere.
      const main = page.getByRole('main')
      await expect
        .poll(() => main.locator('a, button, input, select, [tabindex="0"]').count(), { timeout: PATIENCE_MS })
        .toBeGreaterThan(0)
      const stops = new Set<string>()
      let hasLeft = false
      for (let stop = 0; stop < TABS_MAX && !hasLeft; stop++) {
        await page.keyboard.press('Tab')
        const focused = await page.evaluate<Focused>(FOCUSED)
        if (focused === null) hasLeft = stops.size > 0
        else {
          stops.add(focused.what)
          expect(focused.outline, `${focused.what} shows that it has the focus`).toBe(true)
          hasLeft = stops.size > 1 && focused.what === 'a Skip to content'
        }
      }
      expect(stops.size).toBeGreaterThan(0)
    },
  )
})
