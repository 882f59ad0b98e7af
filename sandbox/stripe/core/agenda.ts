import type { Seconds } from './clock.ts'

/** When an object is due: a subscription at period end, a draft when it is finalized. */
export interface Appointment {
  at: Seconds
  table: string
  id: string
  /** The test clock it lives on, or null for the sandbox's own. */
  clock: string | null
}

/**
 * What is due when, as one binary heap per clock. An appointment is only a hint: processing checks again whether
 * the object is due, so a changed date only needs a new appointment.
 */
export class Agenda {
  readonly #heaps = new Map<string | null, Appointment[]>()

  add(appointment: Appointment): void {
    const heap = this.#heaps.get(appointment.clock) ?? []
    this.#heaps.set(appointment.clock, heap)
    heap.push(appointment)
    for (let child = heap.length - 1; child > 0;) {
      const parent = (child - 1) >> 1
      if (heap[parent]!.at <= heap[child]!.at) break
      swap(heap, parent, child)
      child = parent
    }
  }

  next(clock: string | null): Appointment | undefined {
    return this.#heaps.get(clock)?.[0]
  }

  take(clock: string | null): Appointment | undefined {
    const heap = this.#heaps.get(clock)
    if (!heap || heap.length === 0) return undefined
    swap(heap, 0, heap.length - 1)
    const taken = heap.pop()
    for (let parent = 0; ;) {
      const [left, right] = [2 * parent + 1, 2 * parent + 2]
      let least = parent
      if (left < heap.length && heap[left]!.at < heap[least]!.at) least = left
      if (right < heap.length && heap[right]!.at < heap[least]!.at) least = right
      if (least === parent) return taken
      swap(heap, parent, least)
      parent = least
    }
  }
}

function swap(heap: Appointment[], a: number, b: number): void {
  const held = heap[a]!
  heap[a] = heap[b]!
  heap[b] = held
}
