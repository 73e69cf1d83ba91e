"""The script that Streamlit runs for every click of every rater: who is it, and which page is theirs?"""

import streamlit as st

from fsbench.userstudy.page.flow import show
from fsbench.userstudy.page.served import COOKIE, served

show(served(**st.secrets["study"]), st.context.cookies.get(COOKIE, ""))
