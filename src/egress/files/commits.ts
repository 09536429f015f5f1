import { link, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Progress } from '../sink.js'

/**
 * What a folder of files holds for certain, as a sequence of small commit files `commits/<number>.json`, of which the
 * highest counts.
 *
 * The simple way is one file, replaced by rename. It cannot fence: a writer that was paused and has been succeeded
 * would rename its old view over the new one. Here a commit is created under the next number by `link`, which fails if
 * that number exists. So commits are a compare-and-set: whoever did not see the last one loses, and learns it.
 */
export type Commit = Readonly<{
  number: number
  progress: Progress | null
  /** Who may append: raised by each instance that connects. */
  writer: Writer
  /** Every file, relative to the folder, and how many of its bytes count. */
  files: Readonly<Record<string, number>>
  /** Which of them are still being appended to, by what goes into them. */
  open: Readonly<Record<string, string>>
}>

export type Writer = Readonly<{ id: string; host: string; pid: number; epoch: number }>

/** Called before each step on the disk; a test makes it throw there. */
export type BeforeStep = (step: string) => void

/**
 * Older commits are kept for a while, so that a writer that was far behind still meets a higher number whenever it
 * looks.
 */
const COMMITS_KEPT = 64

/** The commit that counts; `undefined` if nothing was ever committed. Creates the folder. */
export const lastCommit = async (folder: string): Promise<Commit | undefined> => {
  await mkdir(commitsIn(folder), { recursive: true })
  const number = (await commitNumbers(folder)).at(-1)
  return number === undefined ? undefined : (JSON.parse(await readFile(commitFile(folder, number), 'utf8')) as Commit)
}

/** Durably adds `commit` as the last one. `false`: somebody else has committed since, and nothing changed. */
export const addCommit = async (folder: string, commit: Commit, beforeStep: BeforeStep): Promise<boolean> => {
  const draft = join(commitsIn(folder), `draft-${commit.writer.id}`)
  beforeStep('write the draft')
  await writeFile(draft, JSON.stringify(commit), { flush: true })
  beforeStep('link the commit')
  try {
    await link(draft, commitFile(folder, commit.number))
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw cause
  } finally {
    await rm(draft, { force: true })
  }
  const numbers = await commitNumbers(folder)
  if (numbers.at(-1) !== commit.number) {
    // Our number was free only because it had been tidied away long ago.
    await rm(commitFile(folder, commit.number), { force: true })
    return false
  }
  beforeStep('sync the commits')
  await syncFolder(commitsIn(folder))
  for (const old of numbers.slice(0, -COMMITS_KEPT)) await rm(commitFile(folder, old), { force: true })
  return true
}

/** Makes created, linked and removed names durable. */
export const syncFolder = async (folder: string): Promise<void> => {
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

const commitsIn = (folder: string): string => join(folder, 'commits')
const commitFile = (folder: string, number: number): string =>
  join(commitsIn(folder), `${String(number).padStart(12, '0')}.json`)

const commitNumbers = async (folder: string): Promise<readonly number[]> =>
  (await readdir(commitsIn(folder)))
    .filter((name) => /^\d{12}\.json$/.test(name))
    .map((name) => Number.parseInt(name, 10))
    .sort((a, b) => a - b)
