/** An event as a client understands it. */
export interface ReadEvent {
  readonly data: string;
  readonly event: string;
  readonly id: string;
}

export interface ReadEvents {
  readonly events: readonly ReadEvent[];
  /** The last reconnection time that was said. */
  readonly retry: number | undefined;
  readonly comments: number;
}

/**
 * Reads a stream of events as browsers do.
 *
 * @see WHATWG HTML, section 9.2.6 "Interpreting an event stream": written from its text, line by line.
 */
export const readEvents = (text: string): ReadEvents => {
  const events: ReadEvent[] = [];
  let retry: number | undefined;
  let comments = 0;
  let [data, event, id] = ['', '', ''];
  const fields: Readonly<Record<string, (value: string) => void>> = {
    data: (value) => {
      data += `${value}\n`;
    },
    event: (value) => {
      event = value;
    },
    id: (value) => {
      if (!value.includes('\0')) id = value;
    },
    retry: (value) => {
      if (/^\d+$/.test(value)) retry = Number(value);
    },
  };
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/);
  // What no line break ends is no line yet.
  for (const line of lines.slice(0, -1)) {
    if (line === '') {
      if (data !== '') events.push({ data: data.slice(0, -1), event: event === '' ? 'message' : event, id });
      [data, event] = ['', ''];
    } else if (line.startsWith(':')) comments += 1;
    else {
      const [, name = '', value = ''] = /^([^:]*):? ?(.*)$/s.exec(line) ?? [];
      fields[name]?.(value);
    }
  }
  return { events, retry, comments };
};
