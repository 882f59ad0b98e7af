/** Faults of webhook deliveries. All are off by default; `reset` turns them off. */
export interface DeliveryFaults {
  /** Every event is delivered twice. */
  twice: boolean
  /** Seconds by which deliveries are delayed. */
  late: number
  /** Deliveries that are ready at the same time go out in random order, all at once. */
  shuffled: boolean
  /** The share (0 to 1) of deliveries that are dropped. */
  drop: number
  /** Holds all deliveries until this is turned off. */
  hold: boolean
}

export type ApiFailure = 429 | 500 | 502 | 503 | 'reset' | 'timeout' | 'lost_answer'

/** A rule by which API calls fail. `lost_answer` lets the call take effect and then cuts the connection. */
export interface ApiFault {
  failure: ApiFailure
  /** A prefix of the calls, such as `POST /v1/refunds`; all by default. */
  match?: string
  /** The share of those calls, 1 by default. */
  rate?: number
  /** The maximum number of failures. */
  times?: number
}

export class Faults {
  deliveries: DeliveryFaults = noDeliveryFaults()
  api: ApiFault[] = []
  /** Milliseconds by which every response is delayed. */
  slow = 0

  /** The failure for this call, if a rule applies. */
  next(method: string, path: string): ApiFailure | null {
    for (const fault of this.api) {
      if (fault.match && !`${method} ${path}`.startsWith(fault.match)) continue
      if (fault.times !== undefined && fault.times <= 0) continue
      if (Math.random() >= (fault.rate ?? 1)) continue
      if (fault.times !== undefined) fault.times--
      return fault.failure
    }
    return null
  }

  reset(): void {
    this.deliveries = noDeliveryFaults()
    this.api = []
    this.slow = 0
  }
}

function noDeliveryFaults(): DeliveryFaults {
  return { twice: false, late: 0, shuffled: false, drop: 0, hold: false }
}
