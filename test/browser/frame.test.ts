import { describe, expect, test } from 'vitest'
import { expectAccessible, expectNoHorizontalScroll } from '../support/browser/accessibility.js'
import { describeBrowser } from '../support/browser/chromium.js'
import { consoleOfSuite } from '../support/browser/running-console.js'
import { PATIENCE_MS } from '../support/browser/watched-page.js'

describeBrowser('the frame of the console', ({ open }) => {
  const running = consoleOfSuite()

  test('a token is exchanged for a session; a wrong one is refused with what to do; signing out ends it', async () => {
    const { page, allow } = await open()
    allow(/401/)
    await page.goto(`${running().url}/console/operations/jobs`)
    await page.getByLabel('Token').fill('not-a-token-of-this-process')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('alert').waitFor({ timeout: PATIENCE_MS })
    await expectAccessible(page)
    await page.getByLabel('Token').fill(running().token('all'))
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Jobs' }).waitFor({ timeout: PATIENCE_MS })
    await page.getByText('default all', { exact: false }).first().click()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByText('You are signed out.').waitFor({ timeout: PATIENCE_MS })
  })

  test('the address that the process prints signs in once, and its code leaves the address bar', async () => {
    const { page } = await open()
    await page.goto(running().printed)
    await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor({ timeout: PATIENCE_MS })
    expect(page.url()).not.toContain('code')
    const second = await open()
    second.allow(/401/)
    await second.page.goto(running().printed)
    await second.page.getByText('was used before').waitFor({ timeout: PATIENCE_MS })
  })

  test('every page has an address: links, back and forward, and an address that is typed', async () => {
    const watched = await open()
    const { page } = watched
    await running().signIn(watched, 'operations/doctor')
    await page.getByRole('heading', { name: 'Doctor' }).waitFor({ timeout: PATIENCE_MS })
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Flow' }).click()
    await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor()
    expect(await page.title()).toBe('Flow – Streamvane')
    await page.goBack()
    await page.getByRole('heading', { name: 'Doctor' }).waitFor()
    await page.goto(`${running().url}/console/teapot`)
    await page.getByRole('heading', { name: 'There is no such page' }).waitFor({ timeout: PATIENCE_MS })
  })

  test('the keyboard alone skips to the page and moves the focus to a page that a link opens', async () => {
    const watched = await open()
    const { page } = watched
    await running().signIn(watched, 'operations/jobs')
    await page.getByRole('heading', { name: 'Jobs' }).waitFor({ timeout: PATIENCE_MS })
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Skip to the page')
    await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Flow' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Flow', level: 1 }).waitFor()
    await expect.poll(() => page.evaluate('document.activeElement.id')).toBe('main')
  })

  test('the time zone and the look that a person chooses last', async () => {
    const watched = await open()
    const { page } = watched
    await running().signIn(watched, 'flow')
    await page.getByText('default all', { exact: false }).first().click({ timeout: PATIENCE_MS })
    await page.getByLabel('Time zone').selectOption('Asia/Tokyo')
    await page.getByLabel('Look').selectOption('dark')
    await page.reload()
    await page.locator('time[title$="Asia/Tokyo"]').first().waitFor({ timeout: PATIENCE_MS })
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark')
  })

  describe.each([360, 2560])('in a window of %i px', (width) => {
    test.each(['flow', 'operations/generations', 'operations/dead-letters', 'operations/audit-log'])(
      '%s fits, and is accessible in both themes',
      async (path) => {
        const watched = await open({ width })
        await running().signIn(watched, path)
        await watched.page.getByRole('heading', { level: 1 }).waitFor({ timeout: PATIENCE_MS })
        await watched.page.locator('.loading').first().waitFor({ state: 'detached', timeout: PATIENCE_MS })
        await expectNoHorizontalScroll(watched.page)
        await expectAccessible(watched.page)
      },
    )
  })
})
