"""What the tables of Fider, UserVoice and Canny are called by, and those that people make themselves."""

from board.importers.posts import Product

FIDER = Product(
    name="Fider",
    code="fider",
    there="On Fider",
    columns={
        "id": ("number",),
        "title": ("title",),
        "body": ("description",),
        "author": ("createdby",),
        "created": ("createdat",),
        "tags": ("tags",),
        "status": ("status",),
        "response": ("response",),
        "responder": ("respondedby",),
        "responded": ("respondedat",),
        "original": ("originaltitle",),
    },
    needs=("id", "title", "created"),
    marks=frozenset({"number", "createdby", "respondedby", "originalnumber"}),
)

# Its full export has a row for each voter: the same post again adds nothing.
USERVOICE = Product(
    name="UserVoice",
    code="uservoice",
    there="On UserVoice",
    columns={
        "id": ("suggestionid", "ideaid", "id"),
        "title": ("suggestiontitle", "ideatitle", "title"),
        "body": ("suggestionbody", "ideadescription", "description", "body", "text"),
        "author": ("suggestioncreatedbyname", "ideacreatorname", "creatorname", "username"),
        "created": ("suggestioncreatedtimestamp", "createdtimestamp", "createdat"),
        "area": ("suggestioncategoryname", "category", "categoryname", "suggestionforumname", "forumname"),
        "tags": ("suggestionlabelsname", "labels"),
        "status": ("suggestionstatusname", "publicstatusname", "status"),
        "response": ("publicstatusupdatemessage", "suggestionstatusupdatetext", "response"),
        "responder": ("publicstatuscreatorname", "responseuser"),
        "responded": ("publicstatusupdatedtimestamp", "suggestionstatusupdatetimestamp", "responsedate"),
        "shown": ("moderationstate", "suggestionstate"),
    },
    needs=("id", "title", "created"),
    marks=frozenset({"suggestionid", "ideaid"}),
)

CANNY = Product(
    name="Canny",
    code="canny",
    there="On Canny",
    columns={
        "id": ("postid", "id", "url", "posturl", "link"),
        "title": ("title", "posttitle"),
        "body": ("details", "description", "postdetails"),
        "author": ("author", "authorname", "createdby"),
        "created": ("created", "createdat", "createddate", "date", "postcreated"),
        "area": ("category", "categoryname", "board", "boardname"),
        "tags": ("tags", "tag"),
        "status": ("status",),
        "responded": ("statuschangedat", "statuschanged"),
    },
    marks=frozenset({"details", "boardname", "postid", "votes", "status", "score"}),
)

TABLE = Product(
    name="Imported",
    code="csv",
    there="Where it came from",
    columns={
        "id": ("id", "number", "key", "ticketid", "issueid"),
        "title": ("title", "subject", "summary"),
        "body": ("body", "description", "details", "text", "message"),
        "author": ("author", "authorname", "createdby", "requester", "customer", "name"),
        "created": ("created", "createdat", "filed", "date", "time", "timestamp"),
        "area": ("area", "category", "product", "team", "board", "forum"),
        "tags": ("tags", "labels"),
        "status": ("status", "state"),
        "response": ("response", "answer", "reply"),
        "responder": ("responder", "respondedby", "answeredby"),
        "responded": ("responded", "respondedat", "answeredat"),
    },
)
