import { expect, test } from 'vitest'
import { expectAccessible } from '../support/browser/accessibility.js'
import { describeBrowser } from '../support/browser/chromium.js'
import { consoleOfSuite } from '../support/browser/running-console.js'
import { screenshot } from '../support/browser/screenshot.js'
import { PATIENCE_MS } from '../support/browser/watched-page.js'

describeBrowser('the page Flow', ({ open }) => {
  const running = consoleOfSuite()

  test('shows the way of an event with figures of each part', async () => {
    const watched = await open()
    const { page } = watched
    await running().signIn(watched, 'flow', 'viewer')
    for (const part of ['Genesys', 'Raw log', 'Projector', 'KPI log', 'Sinks'])
      await page.getByRole('heading', { name: part, exact: true }).waitFor({ timeout: PATIENCE_MS })
    const kpi = page.getByRole('listitem').filter({ hasText: 'KPI log' })
    await kpi.getByText('generation g1').waitFor()
    await kpi.getByText('Open intervals').waitFor()
    await page.getByRole('table', { name: 'All stages' }).getByRole('rowheader', { name: 'Projector' }).waitFor()
    await expectAccessible(page)
    await screenshot(page, 'console-flow')
  })

  test('says why the numbers cannot be trusted while the projection is paused, and trusts them again after', async () => {
    const watched = await open()
    const { page } = watched
    await running().signIn(watched, 'flow')
    await page.getByRole('heading', { name: 'Can the numbers be trusted now?' }).waitFor({ timeout: PATIENCE_MS })
    await running().call('POST', '/projection/pause', { why: 'an upgrade' })
    const reasons = page.getByRole('list', { name: 'Reasons' })
    await reasons.getByText('streamvane projections resume').waitFor({ timeout: PATIENCE_MS })
    await page.getByText(/^No: figures are not computed any further/).waitFor()
    await expectAccessible(page)
    await running().call('POST', '/projection/resume')
    await reasons.getByText('streamvane projections resume').waitFor({ state: 'detached', timeout: PATIENCE_MS })
  })

  test('counts events that could not be used as a reservation, and leads to them', async () => {
    const watched = await open()
    const { page } = watched
    await running().signIn(watched, 'flow')
    await page.getByRole('heading', { name: 'KPI log', exact: true }).waitFor({ timeout: PATIENCE_MS })
    const posted = await fetch(`${running().ingress}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"no": "event"}',
    })
    expect(posted.status).toBeLessThan(500)
    const reasons = page.getByRole('list', { name: 'Reasons' })
    await reasons.getByText('1 dead letter is open').waitFor({ timeout: PATIENCE_MS })
    const kpi = page.getByRole('listitem').filter({ hasText: 'KPI log' })
    await kpi.getByRole('link', { name: /1/ }).last().click()
    await page.getByRole('heading', { name: 'Dead letters', exact: true }).waitFor()
  })

  test('says that it is not live when the process goes away', async () => {
    const watched = await open()
    const { page, allow } = watched
    allow(/ERR_|Failed to load/)
    await running().signIn(watched, 'flow')
    await page.getByRole('heading', { name: 'KPI log', exact: true }).waitFor({ timeout: PATIENCE_MS })
    running().run.kill('SIGKILL')
    await page.getByText('the process is away, or the network is').first().waitFor({ timeout: PATIENCE_MS })
    await page.getByText('It cannot be told: there is no live connection').waitFor()
    await expectAccessible(page)
  })
})
