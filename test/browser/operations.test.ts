import { expect, test } from 'vitest'
import { expectAccessible } from '../support/browser/accessibility.js'
import { describeBrowser } from '../support/browser/chromium.js'
import { consoleOfSuite } from '../support/browser/running-console.js'
import { screenshot } from '../support/browser/screenshot.js'
import { PATIENCE_MS } from '../support/browser/watched-page.js'

type Generations = Readonly<{ live: string; generations: readonly Readonly<{ name: string; phase: string }>[] }>

describeBrowser('the page Operations', ({ open }) => {
  const running = consoleOfSuite()

  test('rebuilds, promotes after a dry run and a typed name, and rolls back', async () => {
    const watched = await open()
    const { page } = watched
    await running().signIn(watched, 'operations/generations')
    await page.getByRole('button', { name: 'Rebuild …' }).click({ timeout: PATIENCE_MS })
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel(/^Why/).fill('a trial')
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Rebuild', exact: true }).click()
    await dialog.getByText('g2 is complete').waitFor({ timeout: PATIENCE_MS })
    const compare = dialog.getByRole('link', { name: 'Compare g1 and g2' })
    expect(await compare.getAttribute('href')).toBe('/console/compare/generations?before=g1&after=g2')
    await page.keyboard.press('Escape')

    await page.getByRole('rowheader', { name: 'g2' }).click()
    await dialog.getByRole('button', { name: 'Promote …' }).click()
    await dialog.getByRole('button', { name: 'Dry run' }).click()
    await dialog.getByText('g2 would replace g1.').waitFor({ timeout: PATIENCE_MS })
    await screenshot(page, 'console-promote')
    const promote = dialog.getByRole('button', { name: 'Promote', exact: true })
    expect(await promote.isDisabled()).toBe(true)
    await dialog.getByLabel('Type g2 to confirm').fill('g2')
    await promote.click()
    await dialog.getByText('g2 is live now').waitFor({ timeout: PATIENCE_MS })
    expect(await running().call<Generations>('GET', '/generations')).toMatchObject({ live: 'g2' })
    await page.keyboard.press('Escape')

    await page.getByRole('button', { name: 'Roll back to g1 …' }).click()
    await dialog.getByLabel('Type g1 to confirm').fill('g1')
    await dialog.getByRole('button', { name: 'Roll back', exact: true }).click()
    await dialog.getByText('g1 is live now').waitFor({ timeout: PATIENCE_MS })
    expect(await running().call<Generations>('GET', '/generations')).toMatchObject({ live: 'g1' })
  })

  test('lists jobs with their results, and the audit log with who, what and why', async () => {
    const watched = await open()
    const { page } = watched
    await running().call('POST', '/projection/pause', { why: 'a window of maintenance' })
    await running().call('POST', '/projection/resume')
    await running().signIn(watched, 'operations/audit-log')
    const log = page.getByRole('grid', { name: 'Audit log' })
    await log.getByText('a window of maintenance').first().waitFor({ timeout: PATIENCE_MS })
    await page.getByRole('searchbox').fill('maintenance pause')
    await log.getByText('a window of maintenance').first().click()
    await page.getByRole('dialog').getByText('projections pause').first().waitFor()
    await expectAccessible(page)
  })

  test('shows a dead letter with what to do about it, and discards it for a reason', async () => {
    const watched = await open()
    const { page } = watched
    await fetch(`${running().ingress}/v1/events`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"no": "event"}',
    })
    await running().signIn(watched, 'operations/dead-letters')
    await page
      .getByRole('grid', { name: 'Dead letters', exact: true })
      .getByRole('rowheader')
      .first()
      .click({ timeout: PATIENCE_MS })
    const dialog = page.getByRole('dialog')
    await dialog.getByText('What to do').waitFor()
    await dialog.getByText('"no": "event"').waitFor({ timeout: PATIENCE_MS })
    await expectAccessible(page)
    await dialog.getByRole('button', { name: 'Discard …' }).click()
    const discard = dialog.getByRole('button', { name: 'Discard', exact: true })
    expect(await discard.isDisabled()).toBe(true)
    await dialog.getByLabel('Why').fill('a probe')
    await dialog.getByRole('button', { name: 'Dry run' }).click()
    await dialog.getByText('1 letter would be marked as not needed.').waitFor({ timeout: PATIENCE_MS })
    await discard.click()
    await dialog.getByText('1 letter is marked as not needed.').waitFor({ timeout: PATIENCE_MS })
    await page.keyboard.press('Escape')
    await page.getByText('No dead letter is open.').waitFor({ timeout: PATIENCE_MS })
  })

  test('examines the installation and says what mends what it finds', async () => {
    const watched = await open()
    const { page } = watched
    await running().signIn(watched, 'operations/doctor', 'operator')
    await page.getByRole('button', { name: 'Examine now' }).click({ timeout: PATIENCE_MS })
    await page
      .getByRole('table', { name: 'Findings' })
      .getByText('configuration')
      .first()
      .waitFor({ timeout: PATIENCE_MS })
    await expectAccessible(page)
    await screenshot(page, 'console-doctor')
  })

  test('shows a viewer no change, and an auditor the audit log but no change', async () => {
    const viewer = await open()
    await running().signIn(viewer, 'operations/generations', 'viewer')
    await viewer.page.getByRole('rowheader', { name: 'g1' }).waitFor({ timeout: PATIENCE_MS })
    expect(await viewer.page.getByRole('button', { name: /Rebuild|Roll back|Pause|Reset/ }).count()).toBe(0)
    const tabs = viewer.page.getByRole('navigation', { name: 'Operations' }).getByRole('link')
    expect(await tabs.allTextContents()).toEqual(['Generations', 'Dead letters', 'Jobs'])
    await viewer.page.goto(`${running().url}/console/operations/audit-log`)
    await viewer.page.getByText('This needs the role auditor. You have: viewer.').waitFor({ timeout: PATIENCE_MS })

    const auditor = await open()
    await running().signIn(auditor, 'operations/audit-log', 'auditor')
    await auditor.page.getByRole('heading', { name: 'Audit log' }).waitFor({ timeout: PATIENCE_MS })
    expect(await auditor.page.getByRole('link', { name: 'Replay' }).count()).toBe(0)
  })

  test('is moved in by keys: arrows in a table, Enter opens, Escape closes and gives the focus back', async () => {
    const watched = await open()
    const { page } = watched
    await running().signIn(watched, 'operations/generations')
    await page.getByRole('rowheader', { name: 'g1' }).waitFor({ timeout: PATIENCE_MS })
    await page.getByRole('grid', { name: 'Generations' }).locator('[tabindex="0"]').focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('End')
    await page.keyboard.press('Enter')
    await page
      .getByRole('dialog')
      .getByRole('heading', { name: /^Generation g/ })
      .waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('dialog').waitFor({ state: 'detached' })
    // The focus goes back once the dialog is gone.
    await page.waitForFunction('document.activeElement.hasAttribute("data-active")', undefined, {
      timeout: PATIENCE_MS,
    })
  })
})
