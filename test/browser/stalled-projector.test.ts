import type { Page } from 'playwright-core'
import { expect, test } from 'vitest'
import { expectAccessible } from '../support/browser/accessibility.js'
import { describeBrowser } from '../support/browser/chromium.js'
import { consoleOfSuite } from '../support/browser/running-console.js'
import { PATIENCE_MS } from '../support/browser/watched-page.js'
import { linesOf } from '../support/simulated-lines.js'
import { post, running as started } from '../support/streamvane.js'

/** The parts of the page that tell of the projector. */
const projectorOn = (page: Page) => ({
  reason: page.getByRole('list', { name: 'Reasons' }).getByRole('listitem').filter({ hasText: 'projector' }),
  node: page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'Projector', exact: true }) }),
  rows: page.getByRole('listitem').filter({ has: page.getByRole('heading', { name: 'KPI log', exact: true }) }),
})

describeBrowser('the page Flow, of a process beside that of the projector', ({ open }) => {
  const system = consoleOfSuite({ folder: 'empty', stages: 'ingress,egress' })
  const [first = [], second = [], third = []] = [1, 2, 3].map((seed) => linesOf(seed).split('\n'))
  const startProjector = () => started(['run', '--only', 'projector'], { STREAMVANE_DATA: system().data })

  test('says that the projector is stalled, since when and what to do, while its process is suspended, and that it is well after', async () => {
    const watched = await open()
    const { page } = watched
    const { reason, node, rows } = projectorOn(page)
    const projector = startProjector()
    await post(system().ingress, first)
    await system().signIn(watched, 'flow', 'viewer')
    await rows.getByText('generation g1').waitFor({ timeout: PATIENCE_MS })
    // A look between the first generation and the lock of its projector finds nobody at work.
    await reason.waitFor({ state: 'detached', timeout: PATIENCE_MS })

    projector.kill('SIGSTOP')
    await post(system().ingress, second)
    await reason.getByText(`Its process, pid ${projector.pid} on`).waitFor({ timeout: PATIENCE_MS })
    await reason.getByText(/^since \d/).waitFor()
    await reason.getByText('See why it hangs, or who suspended it.').waitFor()
    await reason.getByText(`kill -9 ${projector.pid}`).waitFor()
    await page.getByText('No: figures are not computed any further').waitFor()
    await node.getByText('stalled').waitFor()
    await node.getByText(/[\d,]+ events/).waitFor()
    await expectAccessible(page)
    const revision = rows.locator('.figure', { hasText: 'Revision' })
    const before = await revision.innerText()

    projector.kill('SIGCONT')
    await reason.waitFor({ state: 'detached', timeout: PATIENCE_MS })
    await node.getByText(/^.?(working|behind)$/).waitFor()
    await page.getByText('No: figures are not computed any further').waitFor({ state: 'detached' })
    await expect.poll(() => revision.innerText(), { timeout: PATIENCE_MS }).not.toBe(before)
  })

  test('says that nobody computes, since when and what to do, where the process of the projector died, and that it is well once another is there', async () => {
    const watched = await open()
    const { page } = watched
    const { reason, node } = projectorOn(page)
    const dead = startProjector()
    await system().signIn(watched, 'flow', 'viewer')
    await node.getByText(/^.?(working|behind)$/).waitFor({ timeout: PATIENCE_MS })
    dead.kill('SIGKILL')
    await dead.ended
    await post(system().ingress, third)
    await reason.getByText('no process works on it').waitFor({ timeout: PATIENCE_MS })
    await reason.getByText(/^since \d/).waitFor()
    await reason.getByText('streamvane run').waitFor()
    startProjector()
    await reason.waitFor({ state: 'detached', timeout: PATIENCE_MS })
    await node.getByText(/^.?(working|behind)$/).waitFor({ timeout: PATIENCE_MS })
  })
})
