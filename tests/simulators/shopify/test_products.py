"""Products: set as a whole, changed in part, published, deleted."""

from __future__ import annotations

from typing import Any

from tests.simulators.shopify.harness import SET_PRODUCT, Service, ShopHandle, lamp

_DEFINE = """
mutation($definition: MetafieldDefinitionInput!) {
  metafieldDefinitionCreate(definition: $definition) {
    createdDefinition { id namespace } userErrors { code field message } } }
"""
_DEFINITION = {"name": "Listing", "namespace": "$app", "key": "listing", "type": "id", "ownerType": "PRODUCT"}
_CUSTOM = {"customId": {"namespace": "$app", "key": "listing", "value": "l-1"}}


def _set(shop: ShopHandle, given: dict[str, Any], identifier: dict[str, Any] | None = None) -> Any:
    return shop.data(SET_PRODUCT, {"input": given, "identifier": identifier})["productSet"]


def _home(shop: ShopHandle) -> str:
    number = next(place["id"] for place in shop.control.shop(shop.domain)["locations"] if place["service_id"] is None)
    return f"gid://shopify/Location/{number}"


def test_a_custom_id_makes_one_product_of_many_calls(shop: ShopHandle) -> None:
    assert shop.data(_DEFINE, {"definition": _DEFINITION})["metafieldDefinitionCreate"]["userErrors"] == []
    first = _set(shop, lamp([("Black", 1)], _home(shop)), _CUSTOM)["product"]
    second = _set(shop, lamp([("Black", 1)], _home(shop)), _CUSTOM)["product"]
    assert first["id"] == second["id"]
    assert first["variants"] == second["variants"]
    found = shop.data(
        "query($by: ProductIdentifierInput!) { productByIdentifier(identifier: $by) { id } }", {"by": _CUSTOM}
    )
    assert found["productByIdentifier"]["id"] == first["id"]


def test_a_custom_id_needs_its_definition(shop: ShopHandle) -> None:
    refused = _set(shop, lamp([("Black", 1)], _home(shop)), _CUSTOM)
    assert refused["product"] is None
    assert refused["userErrors"][0]["code"] == "NOT_FOUND"


def test_a_definition_is_made_once(shop: ShopHandle) -> None:
    shop.data(_DEFINE, {"definition": _DEFINITION})
    again = shop.data(_DEFINE, {"definition": _DEFINITION})["metafieldDefinitionCreate"]
    assert again["userErrors"][0]["code"] == "TAKEN"


def test_variants_that_are_not_listed_are_deleted_and_the_others_stay(shop: ShopHandle) -> None:
    both = _set(shop, lamp([("Black", 1), ("White", 1)], _home(shop)))["product"]
    one = _set(shop, lamp([("White", 1)], _home(shop)), {"id": both["id"]})["product"]
    assert [node["id"] for node in one["variants"]["nodes"]] == [both["variants"]["nodes"][1]["id"]]


def test_fields_that_are_left_out_stay(shop: ShopHandle) -> None:
    made = _set(shop, {**lamp([("Black", 1)], _home(shop)), "vendor": "Acme"})["product"]
    _set(shop, {"title": "Renamed"}, {"id": made["id"]})
    found = shop.data(
        "query($id: ID!) { product(id: $id) { title vendor handle variants(first: 5) { nodes { sku } } } }",
        {"id": made["id"]},
    )["product"]
    assert found == {
        "title": "Renamed",
        "vendor": "Acme",
        "handle": "desk-lamp",
        "variants": {"nodes": [{"sku": "LAMP-BLACK"}]},
    }


def test_variants_need_options(shop: ShopHandle) -> None:
    given = lamp([("Black", 1)], _home(shop))
    del given["productOptions"]
    assert _set(shop, given)["userErrors"][0]["code"] == "PRODUCT_OPTIONS_INPUT_MISSING"


def test_a_variant_must_use_declared_values(shop: ShopHandle) -> None:
    given = lamp([("Black", 1)], _home(shop))
    given["variants"][0]["optionValues"][0]["name"] = "Green"
    error = _set(shop, given)["userErrors"][0]
    assert error["code"] == "OPTION_VALUE_DOES_NOT_EXIST"
    assert error["field"] == ["input", "variants", "0", "optionValues"]


def test_refusing_a_product_leaves_nothing_behind(shop: ShopHandle) -> None:
    given = lamp([("Black", 1), ("White", 1)], _home(shop))
    given["variants"][1]["price"] = "-1"
    assert _set(shop, given)["userErrors"][0]["field"] == ["input", "variants", "1", "price"]
    assert shop.control.products(shop.domain) == []


def test_handles_are_unique(shop: ShopHandle) -> None:
    place = _home(shop)
    assert _set(shop, lamp([("Black", 1)], place))["product"]["handle"] == "desk-lamp"
    assert _set(shop, lamp([("Black", 1)], place))["product"]["handle"] == "desk-lamp-1"
    taken = _set(shop, {**lamp([("Black", 1)], place), "handle": "desk-lamp"})
    assert taken["userErrors"][0]["code"] == "HANDLE_NOT_UNIQUE"


def test_quantities_of_an_existing_variant_only_where_it_is_stocked(shop: ShopHandle, service: Service) -> None:
    refused = _set(shop, lamp([("Black", 5)], _home(shop)), {"id": service.product})
    assert refused["userErrors"][0]["field"][-1] == "locationId"
    assert _set(shop, lamp([("Black", 5)], service.location), {"id": service.product})["userErrors"] == []
    assert shop.stock(service.sku) == (5, 0, 5)


def test_files_become_ready_a_moment_later(shop: ShopHandle) -> None:
    given = {**lamp([("Black", 1)], _home(shop)), "files": [{"originalSource": "https://images.example/1.jpg"}]}
    made = _set(shop, given)["product"]
    query = "query($id: ID!) { product(id: $id) { media(first: 5) { nodes { status ... on MediaImage { image { url } } } } } }"  # noqa: E501

    def ready() -> bool:
        nodes = shop.data(query, {"id": made["id"]})["product"]["media"]["nodes"]
        return bool(nodes == [{"status": "READY", "image": {"url": "https://images.example/1.jpg"}}])

    assert shop.control.wait_for(ready, "the image is ready")


def test_a_background_set_is_followed_by_its_operation(shop: ShopHandle) -> None:
    start = "mutation($input: ProductSetInput!) { productSet(input: $input, synchronous: false) { product { id } productSetOperation { id status } } }"  # noqa: E501
    made = shop.data(start, {"input": lamp([("Black", 1)], _home(shop))})["productSet"]
    assert made["product"] is None
    query = "query($id: ID!) { productOperation(id: $id) { status product { handle } ... on ProductSetOperation { userErrors { code } } } }"  # noqa: E501

    def done() -> Any:
        found = shop.data(query, {"id": made["productSetOperation"]["id"]})["productOperation"]
        return found if found["status"] == "COMPLETE" else None

    finished = shop.control.wait_for(done, "the operation completes")
    assert finished["product"] == {"handle": "desk-lamp"}


def test_bulk_updates_change_all_or_nothing_unless_partial(shop: ShopHandle) -> None:
    made = _set(shop, lamp([("Black", 1), ("White", 1)], _home(shop)))["product"]
    first, second = made["variants"]["nodes"]
    query = """
    mutation($id: ID!, $variants: [ProductVariantsBulkInput!]!, $partial: Boolean) {
      productVariantsBulkUpdate(productId: $id, variants: $variants, allowPartialUpdates: $partial) {
        productVariants { id price } userErrors { code field } } }
    """
    wanted = [{"id": first["id"], "price": "31.00"}, {"id": second["id"], "price": "-1"}]
    whole = shop.data(query, {"id": made["id"], "variants": wanted})["productVariantsBulkUpdate"]
    assert whole["productVariants"] is None
    assert whole["userErrors"] == [{"code": "GREATER_THAN_OR_EQUAL_TO", "field": ["variants", "1", "price"]}]
    part = shop.data(query, {"id": made["id"], "variants": wanted, "partial": True})["productVariantsBulkUpdate"]
    assert part["productVariants"] == [{"id": first["id"], "price": "31.00"}]
    assert len(part["userErrors"]) == 1


def test_bulk_created_variants_extend_the_options(shop: ShopHandle) -> None:
    made = _set(shop, lamp([("Black", 1)], _home(shop)))["product"]
    query = """
    mutation($id: ID!, $variants: [ProductVariantsBulkInput!]!) {
      productVariantsBulkCreate(productId: $id, variants: $variants) {
        product { options { values } } productVariants { sku } userErrors { code field } } }
    """
    red = {
        "optionValues": [{"optionName": "Color", "name": "Red"}],
        "price": "9.00",
        "inventoryItem": {"sku": "LAMP-RED"},
        "inventoryQuantities": [{"locationId": _home(shop), "availableQuantity": 4}],
    }
    added = shop.data(query, {"id": made["id"], "variants": [red]})["productVariantsBulkCreate"]
    assert added["productVariants"] == [{"sku": "LAMP-RED"}]
    assert added["product"]["options"] == [{"values": ["Black", "Red"]}]
    assert shop.stock("LAMP-RED") == (4, 0, 4)
    again = shop.data(query, {"id": made["id"], "variants": [red]})["productVariantsBulkCreate"]
    assert again["userErrors"][0]["code"] == "VARIANT_ALREADY_EXISTS"


def test_publishing_and_unpublishing(shop: ShopHandle) -> None:
    made = _set(shop, lamp([("Black", 1)], _home(shop)))["product"]
    channel = shop.data("{ publications(first: 5) { nodes { id name } } }")["publications"]["nodes"][0]
    assert channel["name"] == "Online Store"
    query = "mutation($id: ID!, $input: [PublicationInput!]!) { publishablePublish(id: $id, input: $input) { publishable { resourcePublicationsCount { count } } userErrors { message } } }"  # noqa: E501
    variables = {"id": made["id"], "input": [{"publicationId": channel["id"]}]}
    published = shop.data(query, variables)["publishablePublish"]
    assert published["publishable"]["resourcePublicationsCount"] == {"count": 1}
    taken_back = shop.data(query.replace("publishablePublish", "publishableUnpublish"), variables)
    assert taken_back["publishableUnpublish"]["publishable"]["resourcePublicationsCount"] == {"count": 0}


def test_a_deleted_product_is_gone_and_its_handle_free(shop: ShopHandle) -> None:
    made = _set(shop, lamp([("Black", 1)], _home(shop)))["product"]
    query = "mutation($id: ID!) { productDelete(input: {id: $id}) { deletedProductId userErrors { message } } }"
    assert shop.data(query, {"id": made["id"]})["productDelete"]["deletedProductId"] == made["id"]
    assert shop.data(query, {"id": made["id"]})["productDelete"]["userErrors"] == [
        {"message": "Product does not exist"}
    ]
    assert shop.data("query($id: ID!) { product(id: $id) { id } }", {"id": made["id"]}) == {"product": None}
    assert _set(shop, lamp([("Black", 1)], _home(shop)))["product"]["handle"] == "desk-lamp"


def test_a_custom_value_belongs_to_one_product(shop: ShopHandle) -> None:
    shop.data(_DEFINE, {"definition": _DEFINITION})
    _set(shop, lamp([("Black", 1)], _home(shop)), _CUSTOM)
    field = {"namespace": "$app", "key": "listing", "type": "id", "value": "l-1"}
    refused = _set(shop, {**lamp([("Black", 1)], _home(shop)), "metafields": [field]})
    assert refused["userErrors"][0]["code"] == "CAPABILITY_VIOLATION"
    assert len(shop.control.products(shop.domain)) == 1
