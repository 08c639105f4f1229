"""Links from a page to files outside of docs/ become their names: the site has no copy of them."""
import re


def on_page_markdown(markdown, page, **kwargs):
    depth = page.file.src_path.count("/")
    outside = "../" * (depth + 1)
    return re.sub(r"\[([^\]]+)\]\(" + re.escape(outside) + r"([^)]*)\)", r"\1 (`\2`)", markdown)
