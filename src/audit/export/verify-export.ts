import type { Finding } from '../finding.js'
import type { VerifierKey } from '../note.js'
import type { SignedHead } from '../tree-head.js'
import { decodeBlock } from './block.js'
import { FRAME, type BrokenOff, type Frame } from './frames.js'
import { decodeManifest, type ExportManifest } from './manifest.js'
import { TreeVerifier, type VerifiedTree } from './tree-verifier.js'

/** A difference beside so many others says nothing new. */
const FINDINGS_MAX = 100

export type ExportReport = Readonly<{ trees: readonly VerifiedTree[]; leaves: number; findings: readonly Finding[] }>

/**
 * Checks an export, frame by frame, in memory of one frame: all that it needs are the keys whose signatures count.
 * `held` are heads that were kept elsewhere: the export must contain what they speak of.
 */
export class ExportVerifier {
  readonly #keys: readonly VerifierKey[]
  readonly #held: readonly SignedHead[]
  readonly #findings: Finding[] = []
  readonly #trees: VerifiedTree[] = []
  #manifest: ExportManifest | undefined
  #tree: TreeVerifier | undefined
  #frames = 0
  #leaves = 0
  #isOver = false
  #isBroken = false

  constructor(keys: readonly VerifierKey[], held: readonly SignedHead[] = []) {
    this.#keys = keys
    this.#held = held
  }

  /** Leaves that were checked so far. */
  get leaves(): number {
    return this.#leaves + (this.#tree?.leaves ?? 0)
  }

  take(frame: Frame | BrokenOff): void {
    if (frame.kind === 'broken-off') {
      this.#isBroken = true
      return this.#framing(frame, frame.what)
    }
    if (this.#manifest === undefined && this.#frames > 0) return // nothing can be told of what follows
    if (!frame.isSound) this.#framing(frame, `its checksum is wrong${this.#whereText(frame)}`)
    if (this.#isOver) return this.#framing(frame, 'it stands behind the end of the export')
    const before = this.#findings.length
    const fault = this.#frame(frame)
    this.#frames += 1
    if (fault !== undefined && frame.isSound) this.#framing(frame, fault)
    // A frame whose checksum is wrong may say anything: what follows from it is told only where it names an event.
    if (!frame.isSound && frame.kind !== FRAME.block && this.#findings.length > before) this.#findings.length = before
  }

  /** When no more frames come. `left` is what could not be cut into a frame. */
  end(left: BrokenOff | undefined): ExportReport {
    if (left !== undefined) this.take(left)
    if (!this.#isOver) {
      this.#closeTree()
      if (!this.#isBroken)
        this.#findings.push({
          kind: 'framing',
          offset: this.#endOffset,
          bytes: 1,
          what: 'the export ends before its end',
        })
    }
    return { trees: this.#trees, leaves: this.#leaves, findings: this.#findings.slice(0, FINDINGS_MAX) }
  }

  #endOffset = 0

  #frame(frame: Frame): string | undefined {
    this.#endOffset = frame.offset + frame.bytes
    const { kind, payload } = frame
    if (this.#manifest === undefined) {
      this.#isBroken = true
      if (kind !== FRAME.manifest) return 'the manifest should stand here'
      this.#manifest = decodeManifest(payload.toString('utf8'))
      this.#isBroken = this.#manifest === undefined
      return this.#isBroken ? 'it is no manifest' : undefined
    }
    switch (kind) {
      case FRAME.tree:
        return this.#beginTree(payload)
      case FRAME.head:
        return this.#tree === undefined ? 'a head of no tree' : this.#tree.head(payload.toString('utf8'))
      case FRAME.block:
        return this.#tree === undefined ? 'leaves of no tree' : this.#tree.block(payload)
      case FRAME.proof:
        return this.#tree === undefined ? 'a proof for no tree' : this.#tree.proof(payload.toString('utf8'))
      case FRAME.end:
        return this.#endExport(payload)
      default:
        return 'a second manifest'
    }
  }

  #beginTree(payload: Buffer): string | undefined {
    this.#closeTree()
    const index = payload.length === 2 ? payload.readUInt16BE() : undefined
    const exported = this.#manifest?.trees[this.#trees.length]
    if (exported === undefined || index !== this.#trees.length) return 'a tree that the manifest does not name here'
    this.#tree = new TreeVerifier(exported, this.#keys, this.#held, (finding) => this.#find(finding))
    return undefined
  }

  #closeTree(): void {
    if (this.#tree === undefined) return
    this.#trees.push(this.#tree.end())
    this.#leaves += this.#tree.leaves
    this.#tree = undefined
  }

  #endExport(payload: Buffer): string | undefined {
    this.#closeTree()
    this.#isOver = true
    const missing = this.#manifest?.trees.slice(this.#trees.length) ?? []
    for (const { tree, to } of missing)
      this.#find({ kind: 'head', tree, size: to, what: 'the tree is missing in the export' })
    return payload.length === 4 && payload.readUInt32BE() === this.#frames
      ? undefined
      : 'it counts other frames than there are'
  }

  #whereText({ kind, payload }: Frame): string {
    const block = kind === FRAME.block ? decodeBlock(payload) : undefined
    if (block === undefined || this.#tree === undefined) return ''
    return ` (leaves ${this.#tree.next} to ${this.#tree.next + block.hashes.length - 1} of ${this.#tree.name})`
  }

  #framing({ offset, bytes }: Readonly<{ offset: number; bytes: number }>, what: string): void {
    this.#find({ kind: 'framing', offset, bytes, what })
  }

  #find(finding: Finding): void {
    if (this.#findings.length < FINDINGS_MAX) this.#findings.push(finding)
  }
}
