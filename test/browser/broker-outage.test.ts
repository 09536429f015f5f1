import { join } from 'node:path'
import type { Locator } from 'playwright-core'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { openEmbeddedLog } from '../../src/log/embedded/log.js'
import { rowsInLog } from '../app/pipeline/egress/kpi-log.js'
import { consumeAll } from '../egress/kafka/topic-reader.js'
import { expectAccessible } from '../support/browser/accessibility.js'
import { describeBrowser } from '../support/browser/chromium.js'
import { startConsole } from '../support/browser/running-console.js'
import { screenshot } from '../support/browser/screenshot.js'
import { PATIENCE_MS } from '../support/browser/watched-page.js'
import { describeOwnKafka, freshName, startOwnKafka, type OwnKafka } from '../support/kafka.js'
import { linesOf } from '../support/simulated-lines.js'
import { post, streamvane } from '../support/streamvane.js'

/** How many events wait, as the figure says it; 0: none. */
const eventsIn = async (lag: Locator): Promise<number> =>
  Number(/([\d,]+) events?/.exec(await lag.innerText())?.[1]?.replaceAll(',', '') ?? 0)

await describeOwnKafka('with a broker that is killed', () => {
  describeBrowser('the page Flow', ({ open }) => {
    let kafka: OwnKafka
    beforeAll(async () => void (kafka = await startOwnKafka()))
    afterAll(() => kafka.stop())

    test('says which destination is away, since when, what it lacks and what to do; then it is well again, and nothing is lost', async () => {
      const { brokers } = kafka
      const topic = freshName('console-outage')
      const env = {
        KAFKA_BROKERS: brokers.join(','),
        STREAMVANE_EGRESS__RETRY__MAX_MS: '1000',
        STREAMVANE_EGRESS__KAFKA__FORMAT: 'json',
        STREAMVANE_EGRESS__KAFKA__TOPICS__CONSOLIDATED: topic,
        STREAMVANE_EGRESS__KAFKA__PROGRESS_TOPIC: `${topic}-progress`,
      }
      expect(await streamvane(['topics', 'apply'], { env })).toMatchObject({ code: 0 })
      const { stop, signIn, ingress, data } = await startConsole({ folder: 'empty', env })
      onTestFinished(stop)
      const lines = linesOf(1).split('\n')
      const third = Math.ceil(lines.length / 3)
      const watched = await open()
      const { page } = watched
      await signIn(watched, 'flow', 'viewer')
      await post(ingress, lines.slice(0, third))
      const sink = page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'kafka', level: 4 }) })
      const lag = sink.locator('.figure', { hasText: 'Lag' })
      await lag.getByText('none').waitFor({ timeout: PATIENCE_MS })
      await sink.getByText(brokers[0] as string).waitFor()
      const reason = page.getByRole('list', { name: 'Reasons' }).getByRole('listitem').filter({ hasText: 'egress' })
      expect(await reason.count()).toBe(0)

      await kafka.kill9()
      await post(ingress, lines.slice(third, 2 * third))
      await reason.getByText(`The destination ${brokers.join()} does not answer.`).waitFor({ timeout: PATIENCE_MS })
      await reason.getByText(/^since \d/).waitFor()
      await reason.getByText('Bring it back. Nothing is lost').waitFor()
      await reason.getByText('streamvane doctor --only broker').waitFor()
      await page.getByText('No: kafka does not get new figures.').waitFor()
      await sink.getByText('stalled').waitFor()
      // The log goes on, so what waits grows.
      await expect.poll(() => eventsIn(lag), { timeout: PATIENCE_MS }).toBeGreaterThan(0)
      const before = await eventsIn(lag)
      await post(ingress, lines.slice(2 * third))
      await expect.poll(() => eventsIn(lag), { timeout: PATIENCE_MS }).toBeGreaterThan(before)
      await expectAccessible(page)
      await screenshot(page, 'console-outage')

      await kafka.restart()
      await reason.waitFor({ state: 'detached', timeout: PATIENCE_MS })
      await sink.getByText('working').waitFor({ timeout: PATIENCE_MS })
      await lag.getByText('none').waitFor({ timeout: PATIENCE_MS })
      const log = await openEmbeddedLog({ dir: join(data, 'log', 'kpi-g1'), mode: 'reader' })
      try {
        const published = async (): Promise<readonly string[]> =>
          (await consumeAll(brokers, [topic])).map(({ key, revision }) => `${key} ${revision}`)
        const computed = async () => (await rowsInLog(log, 'default')).map(({ name }) => name)
        await expect
          .poll(async () => (await published()).length, { timeout: PATIENCE_MS })
          .toBe((await computed()).length)
        expect([...(await published())].sort()).toEqual([...(await computed())].sort())
      } finally {
        await log.close()
      }
    })
  })
})
