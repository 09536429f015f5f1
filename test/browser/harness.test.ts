import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { axeFindings, expectAccessible, expectNoHorizontalScroll } from '../support/browser/accessibility.js'
import { describeBrowser } from '../support/browser/chromium.js'
import { PATIENCE_MS } from '../support/browser/watched-page.js'

const POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:"

const html = (body: string, head = ''): string =>
  `<!doctype html><html lang="en"><head><title>A page</title><link rel="icon" href="data:,">${head}</head><body><main><h1>A page</h1>${body}</main></body></html>`

/** What each path answers with: content type and text. */
const FILES: Readonly<Record<string, readonly [type: string, text: string]>> = {
  '/good': ['text/html', html('<p>Nothing is wrong here.</p>')],
  '/error': ['text/html', html('', '<script src="/error.js"></script>')],
  '/error.js': ['text/javascript', "console.error('the figures are gone')"],
  '/exception': ['text/html', html('', '<script src="/exception.js"></script>')],
  '/exception.js': ['text/javascript', "throw new Error('nobody catches this')"],
  '/inline': ['text/html', html('<p>Inline.</p>', '<script>console.log(1)</script>')],
  '/foreign': ['text/html', html('', '<script src="/foreign.js"></script>')],
  '/foreign.js': ['text/javascript', "fetch('http://figures.invalid/').catch(() => {})"],
  '/pale': ['text/html', html('<p class="pale">Hardly to be read.</p>', '<link rel="stylesheet" href="/pale.css">')],
  '/pale.css': ['text/css', '@media (prefers-color-scheme: dark) { .pale { color: #ccc; background: #fff } }'],
  '/wide': ['text/html', html('<p class="wide">Wide.</p>', '<link rel="stylesheet" href="/wide.css">')],
  '/wide.css': ['text/css', '.wide { width: 400px }'],
}

describeBrowser('the harness of the browser tests', ({ open }) => {
  let server: Server
  const at = (path: string) => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`
  beforeAll(async () => {
    server = createServer(({ url = '' }, response) => {
      const [type, text] = FILES[url] ?? ['text/plain', '']
      response.writeHead(FILES[url] === undefined ? 404 : 200, {
        'content-type': `${type}; charset=utf-8`,
        ...(type === 'text/html' && url !== '/foreign' ? { 'content-security-policy': POLICY } : {}),
      })
      response.end(text)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  })
  afterAll(() => void server.close())

  test('lets a page pass that does nothing wrong', async () => {
    const { page, complaints } = await open()
    await page.goto(at('/good'))
    await expectAccessible(page)
    await expectNoHorizontalScroll(page)
    expect(complaints()).toEqual([])
  })

  test.each([
    ['an error in its console', '/error', /^console: the figures are gone/],
    ['an exception that nobody catches', '/exception', /^exception: Error: nobody catches this/],
    [
      'a violation of its content security policy',
      '/inline',
      /content security policy: script-src-elem refused inline/,
    ],
    ['a request to another host', '/foreign', /^request to another host: http:\/\/figures\.invalid\//],
  ])('reports a page with %s', async (_what, path, pattern) => {
    const { page, complaints, allow } = await open()
    await page.goto(at(path))
    await expect.poll(complaints, { timeout: PATIENCE_MS }).toContainEqual(expect.stringMatching(pattern))
    allow(/./)
  })

  test('finds text of too little contrast in the dark theme', async () => {
    const { page, theme } = await open()
    await page.goto(at('/pale'))
    expect(await axeFindings(page)).toEqual([])
    await theme('dark')
    expect(await axeFindings(page)).toEqual([expect.stringMatching(/^color-contrast: .*\n {2}p: .*contrast of 1.6 /)])
  })

  test('finds what is wider than the window', async () => {
    const { page } = await open({ width: 360 })
    await page.goto(at('/wide'))
    await expect(expectNoHorizontalScroll(page)).rejects.toThrow('in a window of 360 px')
  })
})
