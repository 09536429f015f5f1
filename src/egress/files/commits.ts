import { link, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Progress } from '../sink.js'

/**
 * The committed state of a folder, as a sequence of small files `commits/<number>.json`. The one with the highest
 * number is in force.
 *
 * The simple way is one file that is replaced by rename. It cannot fence: a writer that was paused while another took
 * over would rename its old state over the new one. Here a commit is created under the next number by `link`, which
 * fails if the number exists. So a commit is a compare-and-set: a writer that has not seen the last commit fails.
 */
export type Commit = Readonly<{
  number: number
  /** Whose rows the files hold. Absent from commits of earlier versions. */
  tenant?: string
  progress: Progress | null
  /** Who may append. Each instance that connects writes a commit with its own name and the next epoch. */
  writer: Writer
  /** Every file, relative to the folder, with the number of bytes that are committed. */
  files: Readonly<Record<string, number>>
  /** The files that are still appended to, by the key of their group (topic, generation, format, schema). */
  open: Readonly<Record<string, string>>
}>

export type Writer = Readonly<{ id: string; host: string; pid: number; epoch: number }>

/** Called before each step on the disk. Throwing there simulates a crash at that step. */
export type BeforeStep = (step: string) => void

/** Older commits are kept, so that the next number of a writer that was paused for long is taken. */
const COMMITS_KEPT = 64

/** The last commit cannot be read, so it is unknown which bytes of the files are rows. */
export class DamagedCommit extends Error {
  override readonly name = 'DamagedCommit'
}

/** The commit in force; `undefined` if nothing was ever committed. Creates the folder. */
export const lastCommit = async (folder: string): Promise<Commit | undefined> => {
  await mkdir(commitsIn(folder), { recursive: true })
  const number = (await commitNumbers(folder)).at(-1)
  if (number === undefined) return undefined
  const file = commitFile(folder, number)
  const text = await readFile(file, 'utf8')
  try {
    return JSON.parse(text) as Commit
  } catch {
    throw new DamagedCommit(`${file} is damaged: restore the folder, or publish to an empty one (egress.files.dir)`)
  }
}

/** Durably adds `commit` as the last one. `false`: another writer has committed before, and nothing changed. */
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
    // The number was free only because the commit that had it was removed long ago.
    await rm(commitFile(folder, commit.number), { force: true })
    return false
  }
  beforeStep('sync the commits')
  await syncFolder(commitsIn(folder))
  for (const old of numbers.slice(0, -COMMITS_KEPT)) await rm(commitFile(folder, old), { force: true })
  return true
}

/** Makes the creation, linking and removal of names in a folder durable. */
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
