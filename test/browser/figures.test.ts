import { readFile } from 'node:fs/promises'
import type { Locator, Page } from 'playwright-core'
import { beforeAll, describe, expect, test } from 'vitest'
import type { RowExplanation } from '../../src/app/operations/explain/explanation.js'
import { simulate } from '../../src/simulator/simulate.js'
import { expectAccessible, expectNoHorizontalScroll } from '../support/browser/accessibility.js'
import { describeBrowser } from '../support/browser/chromium.js'
import { consoleOfSuite } from '../support/browser/running-console.js'
import { screenshot } from '../support/browser/screenshot.js'
import { PATIENCE_MS } from '../support/browser/watched-page.js'
import { post, streamvane } from '../support/streamvane.js'

type Item = Readonly<{ dimensions: readonly string[]; values: readonly (number | readonly [number, number] | null)[] }>
type Items = Readonly<{ items: readonly Item[] }>

const number = new Intl.NumberFormat('en-GB')
const FIGURES = '/figures?family=queue&columns=nOffered.count,serviceLevel&limit=1000'
const eventually = { timeout: PATIENCE_MS }

const totalOf = (page: Page, title: string): Locator =>
  page.locator('.total', { has: page.locator('dt', { hasText: new RegExp(`^${title}$`) }) }).locator('dd')
const rowsOf = (page: Page): Locator => page.getByRole('grid').locator('tbody tr[class^=row-]')
/** Everything is read: the number of rows is said. */
const isRead = (page: Page): Promise<void> => page.getByText(/^\d[\d,]* rows?$/).waitFor()

describeBrowser('the page Figures', ({ open }) => {
  const served = consoleOfSuite()
  let queues: readonly string[]
  /** Gives queues their names, and from noon on a target of the service level. */
  const named = async (ids: readonly string[]): Promise<void> => {
    const names = ['Billing', 'Claims', 'New contracts', 'Sales', 'Technical help']
    const mediaSettings = { call: { serviceLevel: { percentage: 0.8, durationMs: 20_000 } } }
    const documents = ids.map((id, place) => ({
      name: `${id}.json`,
      content: { id, name: names[place], mediaSettings },
    }))
    await served().call('POST', '/configuration', { documents, effectiveAt: '2026-01-05T12:00:00Z', why: 'names' })
  }
  beforeAll(async () => {
    const { items } = await served().call<Items>('GET', FIGURES)
    queues = [...new Set(items.map(({ dimensions }) => dimensions[0] as string))].sort()
    await named(queues)
  })

  test('shows what the API says of the day: totals, charts in words, rows by name; it passes axe at any width', async () => {
    const watched = await open({ height: 1400 })
    const { page } = watched
    await served().signIn(watched, 'figures')
    await isRead(page)
    const { items } = await served().call<Items>('GET', `${FIGURES}&granularity=P1D`)
    const sum = (of: (item: Item) => number): number => items.reduce((total, item) => total + of(item), 0)
    const offered = sum(({ values }) => values[0] as number)
    const [above, below] = [0, 1].map((term) => sum(({ values }) => (values[1] as readonly number[])[term] as number))
    await expect.poll(() => totalOf(page, 'Offered').textContent(), eventually).toBe(number.format(offered))
    const level = `${number.format(Math.round((1_000 * (above as number)) / (below as number)) / 10)} %`
    expect(await totalOf(page, 'Service level').textContent()).toBe(level)
    expect(await page.getByRole('figure').count()).toBe(3)
    await page.getByText(`Offered ${number.format(offered)}, answered`).waitFor()
    await page.getByText(`Service level ${level}`).waitFor()
    await page.getByRole('rowheader').first().waitFor()
    await page.getByRole('gridcell', { name: 'Billing' }).first().waitFor()
    await page.getByText('As a table').first().click()
    await page.getByRole('group', { name: 'Interactions by interval' }).waitFor()
    await expectAccessible(page)
    for (const width of [360, 2560]) {
      await page.setViewportSize({ width, height: 900 })
      await expectNoHorizontalScroll(page)
    }
  })

  test('keeps in its address what is chosen, and adds days up from summed terms', async () => {
    const watched = await open()
    const { page } = watched
    await served().signIn(watched, 'figures')
    await isRead(page)
    const all = await rowsOf(page).count()
    await page.getByLabel('Queue', { exact: true }).selectOption({ label: 'Sales' })
    await page.getByLabel('Media type', { exact: true }).selectOption('voice')
    await expect.poll(() => rowsOf(page).count(), eventually).toBeLessThan(all)
    await page.getByLabel('By', { exact: true }).selectOption('P1D')
    await expect.poll(() => rowsOf(page).count(), eventually).toBe(1)
    const { searchParams } = new URL(page.url())
    expect(Object.fromEntries(searchParams)).toEqual({ granularity: 'P1D', queueId: queues[3], mediaType: 'voice' })
    await page.reload()
    await expect.poll(() => rowsOf(page).count(), eventually).toBe(1)
    const { items } = await served().call<Items>('GET', `${FIGURES}&granularity=P1D&where=queueId=${queues[3]}`)
    const [offered] = items.find(({ dimensions }) => dimensions[1] === 'voice')?.values ?? []
    await expect.poll(() => totalOf(page, 'Offered').textContent(), eventually).toBe(number.format(offered as number))
    // The sum leads to the rows that it is made of.
    await rowsOf(page).locator('td.opens').last().click()
    await page.getByText('No row of this interval is published').waitFor()
    await expectAccessible(page)
    await page.getByRole('button', { name: 'Back' }).click()
    await page.getByRole('heading', { name: 'Figures' }).waitFor()
    expect(new URL(page.url()).searchParams.get('queueId')).toBe(queues[3])
  })

  test('downloads what is seen as CSV', async () => {
    const watched = await open()
    const { page } = watched
    await served().signIn(watched, `figures?filter=billing&columns=nOffered.count,serviceLevel`)
    await isRead(page)
    const shown = await rowsOf(page).count()
    const downloading = page.waitForEvent('download')
    await page.getByRole('button', { name: 'Download CSV' }).click()
    const file = await (await downloading).path()
    const [head = '', ...lines] = (await readFile(file, 'utf8')).trimEnd().split('\r\n')
    expect(head).toContain('queueId,queueIdName,mediaType')
    expect(head).toContain('nOffered.count,serviceLevel,serviceLevel.numerator,serviceLevel.denominator')
    expect(lines).toHaveLength(shown)
    expect(lines.every((line) => line.includes(',Billing,'))).toBe(true)
  })

  describe('explains a figure', () => {
    test('by keyboard, with the numbers of `streamvane explain`', async () => {
      const watched = await open()
      const { page } = watched
      await served().signIn(watched, 'figures?mediaType=voice&filter=billing', 'auditor')
      await isRead(page)
      await page.locator('[data-active]').focus()
      for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'End', 'Enter']) await page.keyboard.press(key)
      await page.getByText('The contributions add up to the published row.').waitFor()
      const query = new URL(page.url()).searchParams
      expect([query.get('kpi'), query.get('queueId'), query.get('mediaType')]).toEqual([
        'averageTalk',
        queues[0],
        'voice',
      ])
      await page.getByRole('link', { name: 'All KPIs of the row' }).click()
      await expect.poll(() => page.locator('.kpi-value').count(), eventually).toBeGreaterThan(5)
      const interval = query.get('interval') as string
      const where = ['queueId', 'mediaType'].flatMap((name) => ['--where', `${name}=${query.get(name)}`])
      const args = ['explain', '--family', 'queue', '--interval', interval, ...where, '--json']
      const { stdout, stderr } = await streamvane(args, { env: { STREAMVANE_DATA: served().data } })
      expect(stderr).not.toContain('Error')
      const [row] = (JSON.parse(stdout) as { rows: readonly RowExplanation[] }).rows
      const shown = await page
        .locator('.kpi-value')
        .evaluateAll<
          readonly (readonly [string, string])[],
          Readonly<{ dataset: Readonly<Record<'kpi' | 'value', string>> }>
        >((all) => all.map(({ dataset }) => [dataset.kpi, dataset.value] as const))
      expect(shown).toEqual(row?.kpis.map(({ name, value }) => [name, String(value ?? '')]))
      const counted = page.getByRole('group', { name: 'What was counted', exact: true }).locator('tbody tr')
      expect(await counted.count()).toBe(row?.measures.length)
      await page.getByText(`Points (${number.format(row?.contributions.length ?? 0)})`).waitFor()
      await expectAccessible(page)
      await screenshot(page, 'console-explain')
      await page.setViewportSize({ width: 360, height: 800 })
      await expectNoHorizontalScroll(page)
      // An auditor reads the raw events too.
      await page.getByLabel('Raw events').check()
      await page.getByRole('heading', { name: /^Raw events \(\d+\)$/ }).waitFor()
      await page.locator('.raw-event summary').first().click()
      await page.locator('.raw-event pre').first().waitFor()
    })

    test('without raw events for an operator, and not at all for a viewer', async () => {
      const [operator, viewer] = [await open(), await open()]
      const address = `figures?queueId=${queues[0]}`
      await served().signIn(operator, address, 'operator')
      await isRead(operator.page)
      await rowsOf(operator.page).locator('td.opens').first().click()
      await operator.page.getByText('The contributions add up to the published row.').waitFor()
      expect(await operator.page.getByLabel('Raw events').count()).toBe(0)
      await served().signIn(viewer, address, 'viewer')
      await isRead(viewer.page)
      expect(await viewer.page.locator('td.opens').count()).toBe(0)
      await viewer.page.goto(operator.page.url())
      await viewer.page.getByText('This needs the role operator or auditor').waitFor()
    })
  })

  test('fills provisional intervals as events come in, without being loaded again', async () => {
    const watched = await open({ height: 1400 })
    const { page } = watched
    const start = Date.UTC(2026, 0, 5, 13)
    await served().signIn(watched, 'figures')
    await isRead(page)
    const offered = async (): Promise<number> =>
      Number((await totalOf(page, 'Offered').textContent())?.replaceAll(',', ''))
    const before = await offered()
    const lines = [...simulate({ seed: 4, fromMs: start, hours: 1, queues: 5, agents: 24 })].map(({ line }) => line)
    const ids = lines.flatMap((line) => [...line.matchAll(/"queueId":"([^"]+)"/g)].map(([, id]) => id as string))
    await named([...new Set(ids)].sort())
    const half = Math.floor(lines.length / 2)
    await post(served().ingress, lines.slice(0, half))
    await expect.poll(offered, eventually).toBeGreaterThan(before)
    await page.getByText('provisional', { exact: false }).first().waitFor()
    const then = await offered()
    await post(served().ingress, lines.slice(half))
    await expect.poll(offered, eventually).toBeGreaterThan(then)
    const { items } = await served().call<Items>('GET', `${FIGURES}&granularity=P1D`)
    const all = items.reduce((sum, { values }) => sum + (values[0] as number), 0)
    await expect.poll(offered, eventually).toBe(all)
    // These rows have the target that was configured before them.
    await page.getByText(/^Service level [\d.]+ %, target 80 %\./).waitFor()
    await screenshot(page, 'console-figures')
  })
})
