import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'

const IMAGES = join(import.meta.dirname, '../../../docs/images')

/**
 * Writes `docs/images/<name>.png`, where `STREAMVANE_SCREENSHOTS=1` asks for it: the pictures in the documents are of
 * what the tests saw. Nothing that blinks or moves is in them.
 */
export const screenshot = async (page: Page, name: string): Promise<void> => {
  if (process.env['STREAMVANE_SCREENSHOTS'] !== '1') return
  await mkdir(IMAGES, { recursive: true })
  await page.screenshot({ path: join(IMAGES, `${name}.png`), animations: 'disabled', caret: 'hide', scale: 'css' })
}
