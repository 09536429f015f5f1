import { beforeAll, expect, test } from 'vitest'
import { expectAccessible, expectNoHorizontalScroll } from '../support/browser/accessibility.js'
import { describeBrowser } from '../support/browser/chromium.js'
import { consoleOfSuite } from '../support/browser/running-console.js'
import { screenshot } from '../support/browser/screenshot.js'

type Job = Readonly<{ id: string; state: string; problem?: unknown }>
type Rows = Readonly<{ items: readonly Readonly<{ intervalStart: string; intervalEnd: string; queueId: string }>[] }>

const MORNING = 'granularity=PT15M&from=2026-01-05T06:00:00Z&to=2026-01-05T07:00:00Z'

describeBrowser('the page Compare', ({ open }) => {
  const system = consoleOfSuite()

  /** An answer of Genesys that counts one contact where the log has none or others. */
  const answerOfGenesys = async () => {
    const { items } = await system().call<Rows>('GET', `/rows?family=queue&limit=1&${MORNING}`)
    const { intervalStart, intervalEnd, queueId } = items[0] as Rows['items'][number]
    const metrics = [{ metric: 'nOffered', stats: { count: 4_711 } }]
    const data = [{ interval: `${intervalStart}/${intervalEnd}`, metrics }]
    return { results: [{ group: { queueId, mediaType: 'voice' }, data }] }
  }

  const done = async (path: string, body: object): Promise<void> => {
    const { id } = await system().call<Job>('POST', path, body)
    const events = await fetch(`${system().url}/v1/jobs/${id}/events`, {
      headers: { authorization: `Bearer ${system().token('all')}` },
    })
    // The stream of a job ends with it.
    expect(await events.text()).toContain('event: ended')
  }

  beforeAll(async () => {
    await done('/generations', { profile: { shortAbandonMs: 2_000, serviceLevel: { durationMs: 5_000 } } })
    await done('/reconciliations', { answers: await answerOfGenesys(), why: 'for the test' })
  })

  test('shows rows as first published beside the latest, and marks what differs', async () => {
    const watched = await open()
    const { page } = watched
    await system().signIn(watched, `compare?family=queue&${MORNING}&asOf=2026-01-05T06:20:00Z`, 'auditor')
    await page
      .getByRole('status')
      .filter({ hasText: /rows? differs?|all the same/ })
      .waitFor()
    const table = page.getByRole('table', { name: 'Rows over time' })
    for (const head of ['First published', 'As of 2026-01-05', 'Latest'])
      await table.getByRole('columnheader', { name: head }).waitFor()
    await expectAccessible(page)

    await page.getByLabel('show what is the same too').check()
    await page.getByRole('searchbox').fill('serviceLevel')
    await table
      .getByRole('row', { name: /serviceLevel/ })
      .first()
      .waitFor()
    await page.getByLabel('As of').fill('')
    await page.getByLabel('As of').blur()
    await table.getByRole('columnheader', { name: 'As of' }).waitFor({ state: 'detached' })
  })

  test('shows two generations of other rules side by side', async () => {
    const watched = await open()
    const { page } = watched
    await system().signIn(watched, `compare/generations?family=queue&${MORNING}`, 'auditor')
    await page.getByText(/\d+ of \d+ rows differ/).waitFor()
    const table = page.getByRole('table', { name: 'Rows of g1 and g2' })
    await table.getByRole('columnheader', { name: 'g1 (live)' }).waitFor()
    await table
      .getByRole('row', { name: /bandon.*differs/ })
      .first()
      .waitFor()
    await expectAccessible(page)
    await screenshot(page, 'console-compare')
  })

  test('computes what another threshold would change, as a job with its result', async () => {
    const watched = await open()
    const { page } = watched
    await system().signIn(watched, `compare/what-if?family=queue&${MORNING}`, 'auditor')
    const submit = page.getByRole('button', { name: 'What would change?' })
    await page.getByLabel('Service level threshold, seconds').waitFor()
    expect(await submit.isDisabled()).toBe(true)
    await page.getByLabel('Service level threshold, seconds').fill('5')
    await page.getByLabel('Short abandon, seconds').fill('2')
    await page.getByLabel('Flow-outs').selectOption('count')
    await submit.click()
    const result = page.getByRole('region', { name: 'What would change' })
    await result.getByText(/\d+ of \d+ rows would change/).waitFor()
    await result.getByText('serviceLevel.durationMs').waitFor()
    await result
      .getByRole('table', { name: 'Rows that would change' })
      .getByRole('row', { name: /serviceLevel/ })
      .first()
      .waitFor()
    await expectAccessible(page)
    await screenshot(page, 'console-what-if')

    await page.getByLabel('Other settings').fill('servicelevel.duration=3')
    await submit.click()
    watched.allow(/422/)
    await page.getByRole('alert').waitFor()
  })

  test('lists kept reconciliations with what differed, and compares an answer of Genesys that is given', async () => {
    const watched = await open()
    const { page } = watched
    await system().signIn(watched, 'compare/genesys', 'auditor')
    const kept = page.getByRole('grid', { name: 'Reconciliations' })
    await kept.getByRole('gridcell', { name: 'token:all' }).first().click()
    const differences = page.getByRole('table', { name: 'Figures that differ' })
    await differences.getByRole('row', { name: /nOffered.*count 4,711/ }).waitFor()

    const file = { name: 'answer.json', mimeType: 'application/json' }
    await page.getByLabel('Answer, a JSON file').setInputFiles({ ...file, buffer: Buffer.from('no JSON') })
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await page.getByText('answer.json holds no JSON').waitFor()
    const buffer = Buffer.from(JSON.stringify(await answerOfGenesys()))
    await page.getByLabel('Answer, a JSON file').setInputFiles({ ...file, buffer })
    await page.getByRole('button', { name: 'Compare', exact: true }).click()
    await page.getByText(/compared, .* 1 different/).waitFor()
    await differences
      .nth(1)
      .getByRole('row', { name: /nOffered.*count 4,711/ })
      .waitFor()
    await expectAccessible(page)
  })

  test.each([360, 2_560])('fits into a window of %i px', async (width) => {
    const watched = await open({ width })
    await system().signIn(watched, `compare?family=queue&${MORNING}`, 'auditor')
    await watched.page
      .getByRole('status')
      .filter({ hasText: /rows? differs?|all the same/ })
      .waitFor()
    await expectNoHorizontalScroll(watched.page)
  })

  test('tells a viewer which role it needs', async () => {
    const watched = await open()
    await system().signIn(watched, 'compare', 'viewer')
    await watched.page.getByText('This needs the role operator or auditor').waitFor()
  })
})
