import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { Damage } from './damage.js'

/*
 * LMDB maps its file and trusts it: a page number that points beyond the end of the file ends the process with SIGBUS,
 * and lmdb-js ends it with SIGSEGV when LMDB refuses a file. Neither leaves a word. So the structure of the file is
 * checked before it is mapped: the two meta pages, and the pages of the trees that they point to. The layout is that of
 * lmdb-js 3.5 (data version 2); the version is pinned.
 */

/** The first bytes of a meta page after the page header: the magic number and the version of the format. */
const MAGIC = Buffer.from('dec0efbe02000000', 'hex')
const PAGE_HEADER = 24
const NODE_HEADER = 8
/** Offsets within a meta page. Each of the two core trees has a record of 48 bytes. */
const FREE_TREE = 48
const MAIN_TREE = 96
const TRANSACTION = 152
const META_BYTES = 168
/** Offsets within the record of a tree. */
const TREE_DEPTH = 6
const TREE_ROOT = 40
const TREE_BYTES = 48
const NO_PAGE = 2n ** 64n - 1n
const OVERFLOW_REFERENCE_BYTES = 24

const BRANCH = 0x01
const LEAF = 0x02
const META = 0x08
const BIG_DATA = 0x01
const SUB_TREE = 0x02

/**
 * Tree pages that are checked at most, those next to the roots first. Values on pages of their own are not read, only
 * their place is checked, so this covers the trees of about 50 GB of blocks; it takes well under a second.
 */
const PAGES_MAX = 16_384

type Meta = Readonly<{ pageBytes: number; transaction: bigint; page: Buffer }>
type Subtree = Readonly<{ page: bigint; /** 1 for a leaf. */ height: number }>

/**
 * Checks an LMDB file before it is opened. A file that does not exist or is empty will be made by LMDB.
 *
 * @throws Damage if LMDB could not use the file safely: it is no LMDB file, is cut short, or a page does not fit its
 *   tree.
 */
export const checkLmdbFile = (path: string): void => {
  const fd = openIfThere(path)
  if (fd === undefined) return
  try {
    if (fstatSync(fd).size === 0) return
    // A writer in another process may use pages again while they are checked: then what was read is of two states.
    for (let attempt = 0; ; attempt++) {
      const meta = readMeta(fd, path)
      try {
        checkTrees(fd, path, meta)
        return
      } catch (cause) {
        const isQuiet = readMeta(fd, path).transaction === meta.transaction
        if (!(cause instanceof Damage) || isQuiet) throw cause
        if (attempt === ATTEMPTS_MAX) return // it is being written to all the time, so it can be used
      }
    }
  } finally {
    closeSync(fd)
  }
}

const ATTEMPTS_MAX = 5

const openIfThere = (path: string): number | undefined => {
  try {
    return openSync(path, 'r')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw cause
  }
}

/** The newer of the two meta pages; both must be whole. */
const readMeta = (fd: number, path: string): Meta => {
  const first = metaAt(fd, path, 0, 0)
  const second = metaAt(fd, path, 1, first.pageBytes)
  return second.transaction > first.transaction ? second : first
}

const metaAt = (fd: number, path: string, number: number, offset: number): Meta => {
  const page = Buffer.alloc(META_BYTES)
  const read = readSync(fd, page, 0, META_BYTES, offset)
  if (read < META_BYTES) throw new Damage(`${path} ends within meta page ${number}`)
  if (!page.subarray(PAGE_HEADER, PAGE_HEADER + MAGIC.length).equals(MAGIC) || (flagsOf(page) & META) === 0)
    throw new Damage(`${path} is not an LMDB file of this version: meta page ${number} has another beginning`)
  const pageBytes = page.readUInt32LE(FREE_TREE)
  if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0)
    throw new Damage(`meta page ${number} of ${path} gives a page size of ${pageBytes}`)
  return { pageBytes, transaction: page.readBigUInt64LE(TRANSACTION), page }
}

const checkTrees = (fd: number, path: string, { pageBytes, page: meta }: Meta): void => {
  const size = fstatSync(fd).size
  const pages = BigInt(Math.floor(size / pageBytes))
  const place = (page: bigint, count = 1n): void => {
    if (page < 2n || page + count > pages)
      throw new Damage(
        `${path} has ${size} bytes and is cut short or changed: a tree refers to page ${page} of ${pages}`,
      )
  }
  let level: Subtree[] = [treeIn(meta, FREE_TREE), treeIn(meta, MAIN_TREE)].flatMap((tree) => tree ?? [])
  const page = Buffer.alloc(pageBytes)
  for (let checked = 0; level.length > 0;) {
    const next: Subtree[] = []
    for (const subtree of level) {
      if (checked++ === PAGES_MAX) return
      place(subtree.page)
      readSync(fd, page, 0, pageBytes, Number(subtree.page) * pageBytes)
      checkPage(page, path, subtree, { place, found: (below) => next.push(below) })
    }
    level = next
  }
}

const treeIn = (bytes: Buffer, at: number): Subtree | undefined => {
  const page = bytes.readBigUInt64LE(at + TREE_ROOT)
  return page === NO_PAGE ? undefined : { page, height: bytes.readUInt16LE(at + TREE_DEPTH) }
}

type Visitor = Readonly<{ place: (page: bigint, count?: bigint) => void; found: (below: Subtree) => void }>

/** Checks one page of a tree: its header, and that each of its nodes lies within it. */
const checkPage = (page: Buffer, path: string, { page: number, height }: Subtree, { place, found }: Visitor): void => {
  const changed = (what: string): Damage => new Damage(`page ${number} of ${path} was changed: ${what}`)
  if (page.readBigUInt64LE(0) !== number) throw changed('it has another number')
  if ((flagsOf(page) & (BRANCH | LEAF)) !== (height === 1 ? LEAF : BRANCH) || height < 1)
    throw changed('it is no page of this level of the tree')
  const [lower, upper] = [page.readUInt16LE(20), page.readUInt16LE(22)]
  if (lower > upper || upper > page.length - PAGE_HEADER) throw changed('its free space is out of bounds')
  for (let i = 0; i < lower >> 1; i++) {
    const at = PAGE_HEADER + page.readUInt16LE(PAGE_HEADER + 2 * i)
    if (at < PAGE_HEADER + upper || at + NODE_HEADER > page.length) throw changed(`node ${i} lies outside`)
    const [word, flags, key] = [page.readUInt32LE(at), page.readUInt16LE(at + 4), page.readUInt16LE(at + 6)]
    const dataAt = at + NODE_HEADER + key
    if (height > 1) {
      if (dataAt > page.length) throw changed(`the key of node ${i} is too long`)
      found({ page: BigInt(word) + (BigInt(flags) << 32n), height: height - 1 })
      continue
    }
    const isBig = (flags & BIG_DATA) !== 0
    if (dataAt + (isBig ? OVERFLOW_REFERENCE_BYTES : word) > page.length) throw changed(`node ${i} is too long`)
    if (isBig) {
      const count = page.readBigUInt64LE(dataAt + 16)
      if (count * BigInt(page.length) < BigInt(word + PAGE_HEADER)) throw changed(`node ${i} has too few pages`)
      place(page.readBigUInt64LE(dataAt), count)
    } else if ((flags & SUB_TREE) !== 0) {
      if (word !== TREE_BYTES) throw changed(`node ${i} is no tree`)
      const tree = treeIn(page, dataAt)
      if (tree !== undefined) found(tree)
    }
  }
}

const flagsOf = (page: Buffer): number => page.readUInt16LE(18)
