import { expect, onTestFinished, test } from 'vitest'
import { expectAccessible } from '../support/browser/accessibility.js'
import { describeBrowser } from '../support/browser/chromium.js'
import { consoleOfSuite } from '../support/browser/running-console.js'
import { screenshot } from '../support/browser/screenshot.js'
import { PATIENCE_MS } from '../support/browser/watched-page.js'
import type { Running } from '../support/streamvane.js'

type Generations = Readonly<{ live: string; generations: readonly Readonly<{ name: string; phase: string }>[] }>

/** Lets a process run a fifth of the time only, until what is returned is called. */
const slowed = (process: Running): (() => void) => {
  let turn = 0
  const timer = setInterval(() => process.kill(turn++ % 5 === 0 ? 'SIGCONT' : 'SIGSTOP'), 10)
  const end = (): void => {
    clearInterval(timer)
    process.kill('SIGCONT')
  }
  onTestFinished(end)
  return end
}

describeBrowser('a rebuild in progress', ({ open }) => {
  // With small batches, and slowed, a rebuild of the morning lasts as long as somebody needs to look at it.
  const system = consoleOfSuite({ env: { STREAMVANE_PROJECTOR__BATCH_MAX: '1' } })

  test('shows how far it is where it was begun and to others on Flow, leaves the live figures as they are, and can be cancelled', async () => {
    const watched = await open()
    const { page } = watched
    await system().signIn(watched, 'operations/generations')
    const dialog = page.getByRole('dialog')
    await page.getByRole('button', { name: 'Rebuild …' }).click({ timeout: PATIENCE_MS })
    await dialog.getByLabel(/^Why/).fill('a trial')
    await dialog.getByRole('button', { name: 'Rebuild', exact: true }).click()
    const quick = slowed(system().run)
    await dialog.getByText(/^[1-9][\d.]* % · .* positions · .*\/s · .* left$/).waitFor({ timeout: PATIENCE_MS })
    await expectAccessible(page)
    await screenshot(page, 'console-rebuild')
    await page.keyboard.press('Escape')
    await page.getByText('Rebuild goes on.').waitFor()
    await page.getByRole('row', { name: /g2/ }).getByText('incomplete').waitFor({ timeout: PATIENCE_MS })

    // Another operator sees it on Flow, where the live figures stand as before.
    const other = await open()
    await system().signIn(other, 'flow', 'operator')
    const projector = other.page.getByRole('listitem').filter({ hasText: 'Computing g2' })
    await projector.getByText(/^[1-9][\d.]* %$/).waitFor({ timeout: PATIENCE_MS })
    const stages = other.page.getByRole('table', { name: 'All stages' })
    await stages.getByRole('rowheader', { name: 'Projector of g2' }).waitFor()
    expect(await other.page.getByText('Not trusted').count()).toBe(0)

    const working = page.getByRole('region', { name: 'At work' })
    await working.getByRole('progressbar', { name: /^Progress of/ }).waitFor({ timeout: PATIENCE_MS })
    await working.getByRole('button', { name: 'Cancel' }).click()
    quick()
    await working.waitFor({ state: 'detached', timeout: PATIENCE_MS })
    const { live, generations } = await system().call<Generations>('GET', '/generations')
    expect(live).toBe('g1')
    expect(generations).toContainEqual(expect.objectContaining({ name: 'g2', phase: 'incomplete' }))
  })
})
