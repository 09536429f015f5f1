import type { Browser, Page } from 'playwright-core'
import { onTestFinished } from 'vitest'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** How long to wait for what a person would see: a loaded machine may need many times what a quiet one does. */
export const PATIENCE_MS = 60_000

export type Theme = 'light' | 'dark'

export type PageOptions = Readonly<{
  width?: number
  height?: number
  theme?: Theme
  reducedMotion?: boolean
}>

export type WatchedPage = Readonly<{
  page: Page
  /** What was complained of so far and not allowed, in order. */
  complaints: () => readonly string[]
  /** Complaints that the test brings about itself: those that match do not fail it, before or after. */
  allow: (pattern: RegExp) => void
  theme: (theme: Theme) => Promise<void>
}>

/** Told by the page itself: not every violation of the policy is written to the console. */
const REPORT_VIOLATIONS = `addEventListener('securitypolicyviolation', (event) =>
  console.error('content security policy: ' + event.violatedDirective + ' refused ' + (event.blockedURI || 'inline')))`

/** For who mends the test. */
const picture = async (page: Page): Promise<void> => {
  const path = join(await mkdtemp(join(tmpdir(), 'streamvane-page-')), 'page.png')
  await page.screenshot({ path, timeout: 10_000 }).then(
    () => console.error(`the page when the test failed: ${path}`),
    () => undefined,
  )
}

/**
 * A page that is watched while the test runs. Complaints are errors that the page writes to the console, exceptions that
 * nobody catches, violations of the content security policy, and requests to another host than the first one that it
 * went to. Any that is not allowed fails the test when it ends.
 */
export const watchedPage = async (
  browser: Browser,
  { width = 1280, height = 900, theme = 'light', reducedMotion = false }: PageOptions = {},
): Promise<WatchedPage> => {
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: theme,
    reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
    locale: 'en-GB',
    timezoneId: 'Europe/Berlin',
  })
  context.setDefaultTimeout(PATIENCE_MS)
  await context.addInitScript(REPORT_VIOLATIONS)
  const page = await context.newPage()
  const all: string[] = []
  const allowed: RegExp[] = []
  let host: string | undefined
  const complaints = () => all.filter((each) => !allowed.some((pattern) => pattern.test(each)))

  page.on('console', (message) => {
    if (message.type() === 'error') all.push(`console: ${message.text()} (${message.location().url})`)
  })
  page.on('pageerror', (error) => all.push(`exception: ${error.stack ?? error.message}`))
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.protocol === 'data:' || url.protocol === 'blob:') return
    host ??= url.host
    if (url.host !== host) all.push(`request to another host: ${url.href}`)
  })

  onTestFinished(async ({ task }) => {
    if (task.result?.state === 'fail') await picture(page)
    await context.close()
    if (complaints().length > 0) throw new Error(`the page complained:\n${complaints().join('\n')}`)
  })
  return {
    page,
    complaints,
    allow: (pattern) => void allowed.push(pattern),
    theme: (next) => page.emulateMedia({ colorScheme: next }),
  }
}
