import { Presets, SingleBar } from 'cli-progress'

export type Progress = Readonly<{ update: (value: number, note?: string) => void; stop: () => void }>

const silent: Progress = { update: () => undefined, stop: () => undefined }

/** A progress bar on stderr. It does nothing if stderr is no terminal or the total is unknown. */
export const progressBar = (title: string, total: number | undefined): Progress => {
  if (total === undefined || total === 0 || !process.stderr.isTTY) return silent
  const bar = new SingleBar(
    { format: `${title} {bar} {percentage}% | {eta_formatted} left {note}`, stream: process.stderr, hideCursor: true },
    Presets.shades_classic,
  )
  bar.start(total, 0, { note: '' })
  return {
    update: (value, note = '') => bar.update(Math.min(value, total), { note: note === '' ? '' : `| ${note}` }),
    stop: () => bar.stop(),
  }
}
