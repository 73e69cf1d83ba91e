"""The pages that raters see, and the server behind them.

How a rater's visit looks on the wire, for programs that play a rater:

1. `GET /join/<token>` with the token of a rater's link. Answers 303 to `/` and sets the cookie `fsbench_rater`
   (HttpOnly, SameSite=Lax). An unknown token gets 404; more than ten tries a second from one address, 429; a study
   whose places are all taken, 409. With the study's open link, `?PROLIFIC_PID=...&STUDY_ID=...&SESSION_ID=...` hands
   out a free place, and the same place whenever the same person comes again.
2. `WebSocket /_stcore/stream` with that cookie and the subprotocol `streamlit`. Frames are protocol buffers of
   `streamlit.proto`: `BackMsg` to the server, `ForwardMsg` back. The first `BackMsg` is an empty `rerun_script`; each
   run of the script ends with a `script_finished` message, and the `delta` messages before it are the page.
3. A press of a button goes in one `rerun_script.widget_states` together with what the page's other elements hold.
   Their ids are those that the deltas carried; each ends with the element's key: `agree`, `decline` and `language` on
   the page of consent, `start` on that of instructions, `go-on` at the break, `leave`,
   `stay` and `withdraw` for leaving, and on a page to rate
   `q-<page>-<slot>-<question>` (a radio) and `next-<page>` (the button). `<page>` is `t1`, `t2` ... for
   practice and `r1`, `r2` ... for what counts; `<slot>` counts results from 0.
4. A page is saved when the next one comes. An answer that is missing, or a store that cannot write, brings the same
   page again with a message of role `alert`.
5. `GET /picture/<32 hex digits>` with the cookie gives a picture as PNG; everything else there is the same 404.
6. After the last page the completion code stands in the page (class `fs-code`), or the way back to the panel
   (class `fs-panel`).
"""
